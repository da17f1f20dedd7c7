package io.logcourier.ledger;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * How an order ended. A retry may record the same twice.
 *
 * @param epoch with {@code number}, the order
 * @param number with {@code epoch}, the order
 * @param outcome how it ended
 * @param targetBucket where the object lies
 * @param key of the object
 * @param rows lines in it; of a superseded order, the rows that a later one takes; 0 where it was given up
 * @param bytes of it, 0 where none was written
 * @param crc32c of its bytes, an unsigned 32-bit value
 * @param reason why it was not delivered
 */
public record Offset(
        long epoch,
        int number,
        Outcome outcome,
        String targetBucket,
        String key,
        long rows,
        long bytes,
        long crc32c,
        String reason) {
    /** The ways in which an order ends. */
    public enum Outcome {
        /** Its object is complete. */
        @JsonProperty("delivered")
        DELIVERED,
        /** Its target refused it; a replay reopens it. */
        @JsonProperty("given_up")
        GIVEN_UP,
        /** Rows of it are gone or changed; a later order takes the rest. */
        @JsonProperty("superseded")
        SUPERSEDED
    }

    /** The order is delivered. */
    public static Offset delivered(WorkOrder order, long bytes, long crc32c) {
        return new Offset(
                order.epoch(),
                order.number(),
                Outcome.DELIVERED,
                order.group().targetBucket(),
                order.key(),
                order.tally().rows(),
                bytes,
                crc32c,
                "");
    }

    /** The order is given up. */
    public static Offset givenUp(WorkOrder order, String reason) {
        return undelivered(order, Outcome.GIVEN_UP, 0, reason);
    }

    /** The order is superseded; {@code left} of its rows are still there. */
    public static Offset superseded(WorkOrder order, long left, String reason) {
        return undelivered(order, Outcome.SUPERSEDED, left, reason);
    }

    private static Offset undelivered(WorkOrder order, Outcome outcome, long rows, String reason) {
        return new Offset(
                order.epoch(), order.number(), outcome, order.group().targetBucket(), order.key(), rows, 0, 0, reason);
    }
}
