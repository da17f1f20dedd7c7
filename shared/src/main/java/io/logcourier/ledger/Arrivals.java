package io.logcourier.ledger;

import com.fasterxml.jackson.annotation.JsonUnwrapped;

/** The rows that one epoch claimed of one group. */
public record Arrivals(
        long epoch,
        @JsonUnwrapped Group group,
        @JsonUnwrapped Tally tally) {}
