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
 * @param rows lines in it, 0 where none was written
 * @param bytes of it, 0 where none was written
 * @param crc32c of its bytes, an unsigned 32-bit value
 * @param reason why it was given up; empty for a delivered order
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
        return new Offset(
                order.epoch(),
                order.number(),
                Outcome.GIVEN_UP,
                order.group().targetBucket(),
                order.key(),
                0,
                0,
                0,
                reason);
    }
}
