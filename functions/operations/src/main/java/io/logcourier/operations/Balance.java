package io.logcourier.operations;

/**
 * The balance sheet of a lane, in rows, up to one epoch.
 *
 * @param begin the first epoch counted: what is older was trimmed
 * @param epoch the newest epoch counted
 * @param stored rows in the log table now
 * @param claimed rows of all arrivals
 * @param adopted claimed rows that an incumbent has delivered
 * @param recovered claimed rows that an incumbent has passed over, by its own objects
 * @param undeliverable claimed rows without a bucket or a target
 * @param filtered claimed rows that a rule keeps out of objects
 * @param ordered rows of all orders
 * @param delivered rows of the orders that were delivered
 * @param givenUp rows of the orders whose target refused them, and that were not delivered later
 * @param lost rows that were gone from the log table before they were delivered
 * @param open rows of the orders without an outcome
 * @param objects delivered orders, each one object
 * @param bytes of these objects
 */
public record Balance(
        long begin,
        long epoch,
        long stored,
        long claimed,
        long adopted,
        long recovered,
        long undeliverable,
        long filtered,
        long ordered,
        long delivered,
        long givenUp,
        long lost,
        long open,
        long objects,
        long bytes) {
    /** Claimed, deliverable, and in no order yet. */
    public long pending() {
        return claimed - adopted - undeliverable - filtered - ordered;
    }

    /**
     * Whether the sums follow from each other: every ordered row is delivered, given up, lost or open, and no more are
     * ordered than were claimed.
     */
    public boolean addsUp() {
        return pending() >= 0 && lost >= 0 && ordered == delivered + givenUp + lost + open;
    }

    /** Whether every row that the log table holds is in an object, but for those that a rule keeps out. */
    public boolean isComplete() {
        return adopted + delivered + filtered == claimed && claimed == stored;
    }
}
