package io.logcourier.ledger;

/** Whether the groups of an epoch sum up to its seal: what was cut short does not. Not thread-safe. */
final class ArrivalsSum {
    private int seals;
    private long sealed;
    private long grouped;
    private long difference;

    /** Adds a group, or the seal over all of them. */
    void add(boolean isSeal, Tally tally) {
        if (isSeal) {
            seals++;
            sealed += tally.rows();
            difference += tally.checksum();
        } else {
            grouped += tally.rows();
            difference -= tally.checksum();
        }
    }

    /** Whether there is one seal, and the rows and checksums of the groups are its own. */
    boolean isWhole() {
        return seals == 1 && sealed == grouped && difference == 0;
    }

    /** The rows of the seal. */
    long rows() {
        return sealed;
    }

    @Override
    public String toString() {
        return "%d in %d sums, where one is due, and as %d in groups, their checksums %d apart"
                .formatted(sealed, seals, grouped, difference);
    }
}
