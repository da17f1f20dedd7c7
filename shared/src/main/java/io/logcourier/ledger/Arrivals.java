package io.logcourier.ledger;

import com.fasterxml.jackson.annotation.JsonUnwrapped;

/**
 * The rows that one epoch claimed of one group and day.
 *
 * @param day the UTC day of their startTime, as {@code 2026-11-21}
 * @param keyFormat what the newest of the rows asks for as keys of log objects, or empty
 */
public record Arrivals(
        long epoch,
        @JsonUnwrapped Group group,
        String day,
        @JsonUnwrapped Tally tally,
        String keyFormat) {}
