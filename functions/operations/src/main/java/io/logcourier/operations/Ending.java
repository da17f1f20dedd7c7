package io.logcourier.operations;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.ledger.Lane;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How an order ended, as far as the books know; times are ClickHouse's.
 *
 * @param superseded whether a later order takes what is left of its rows
 * @param deliveredAt when it was delivered last, if it was
 * @param givenUpAt when it was given up last, if it was
 * @param reason why
 * @param bytes of its object as it was delivered last, else 0
 * @param crc32c of these bytes
 */
record Ending(
        long epoch,
        int number,
        String bucket,
        String targetBucket,
        long rows,
        boolean superseded,
        Optional<Instant> deliveredAt,
        Optional<Instant> givenUpAt,
        String reason,
        long bytes,
        long crc32c) {
    /** The orders {@code first} to {@code last} of an epoch, in order; those that the books do not have are left out. */
    static List<Ending> of(ClickHouse clickHouse, Lane lane, long epoch, int first, int last) {
        return clickHouse.list(
                Audit.statement("endings.sql")
                        .with("ledger", lane.ledger())
                        .with("epoch", epoch)
                        .with("first", first)
                        .with("last", last),
                Ending.class);
    }

    boolean isDeliveredSince(Instant time) {
        return deliveredAt.filter(delivered -> delivered.isAfter(time)).isPresent();
    }
}
