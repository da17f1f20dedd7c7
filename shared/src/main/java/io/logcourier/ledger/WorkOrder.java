package io.logcourier.ledger;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.time.Instant;
import java.util.List;

/**
 * "Deliver these rows of this group as this object." Written down before it is sent, never changed: key and bytes of
 * the object are a pure function of it.
 *
 * @param epoch the epoch that decided it
 * @param number its place among the orders of that epoch
 * @param plannedAt when, by ClickHouse's clock
 * @param group whose rows
 * @param fromEpoch first epoch whose rows it takes
 * @param toEpoch last epoch whose rows it takes
 * @param tally what must be found
 * @param key of the object, in the target bucket
 * @param day UTC day of startTime whose rows alone it takes, as {@code 2026-11-21}; empty where it takes all
 * @param rendering how the rows become lines: name and version
 * @param compression of the object
 * @param sourceRegion what the Source Region field says
 * @param moreColumns columns of the log table that follow the fields
 * @param replacesEpoch with {@code replacesNumber}, the order that lost rows and whose other rows this one takes; 0 in
 *     every other order
 * @param replacesNumber see {@code replacesEpoch}
 */
public record WorkOrder(
        long epoch,
        int number,
        Instant plannedAt,
        @JsonUnwrapped Group group,
        long fromEpoch,
        long toEpoch,
        @JsonUnwrapped Tally tally,
        String key,
        String day,
        String rendering,
        Compression compression,
        String sourceRegion,
        List<String> moreColumns,
        long replacesEpoch,
        int replacesNumber) {
    /** Names the order within its lane. */
    public String id() {
        return epoch + "/" + number;
    }
}
