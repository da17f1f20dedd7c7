package io.logcourier.ledger;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * A look for the rows of an order that found fewer than it has, or all after all.
 *
 * @param epoch with {@code number}, the order
 * @param number with {@code epoch}, the order
 * @param found rows of it that are there
 * @param finding what that means
 */
public record Shortfall(long epoch, int number, long found, Finding finding) {
    /** What somebody saw who looked; the values of the column in {@code 10-shortfalls.sql}. */
    public enum Finding {
        /** Some are not there. */
        @JsonProperty("lacking")
        LACKING,
        /** The same again, when no worker that saw more can still be at work, and no object was completed. */
        @JsonProperty("confirmed")
        CONFIRMED,
        /** All are there after all: what was seen before does not count. */
        @JsonProperty("whole")
        WHOLE
    }

    /** {@code found} rows of {@code order} are there. */
    public static Shortfall of(WorkOrder order, long found, Finding finding) {
        return new Shortfall(order.epoch(), order.number(), found, finding);
    }
}
