package io.logcourier.operations;

import io.logcourier.CourierException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The ledgers that a lane has had, as far as they can be asked: where they have delivered rows that may be in the log table,
 * whatever these rows say now of their target and time.
 */
final class FormerLedgers {
    /** Rows that are in the log table were ordered no longer ago, for books are kept a week longer than rows. */
    private static final Duration BEFORE_THE_ROWS = Duration.ofDays(8);

    private final ClickHouse clickHouse;
    private final List<String> names = new ArrayList<>();
    private final List<String> silent = new ArrayList<>();
    private boolean isWhole;

    /**
     * Asks each of them whether it can be asked.
     *
     * @param names of their databases
     */
    FormerLedgers(ClickHouse clickHouse, Lane lane, List<String> names) {
        this.clickHouse = clickHouse;
        for (String name : names) {
            try {
                isWhole |= new Ledger(clickHouse, lane.withLedger(name))
                        .lastAdopted()
                        .isEmpty();
                knows(name, "", "");
                this.names.add(name);
            } catch (CourierException e) {
                silent.add("the former ledger %s cannot be asked where it delivered to: %s"
                        .formatted(name, e.getMessage()));
            }
        }
    }

    /** Those that cannot be asked, each with the reason. */
    List<String> silent() {
        return List.copyOf(silent);
    }

    /** Where one has delivered to, and when the first of these orders was planned. */
    record Target(String bucket, String prefix, Instant since) {}

    /**
     * Where they have delivered rows that may be in the log table.
     *
     * @param oldest when the first row of the log table was inserted, as it says
     */
    List<Target> targets(Instant oldest) {
        return names.stream()
                .flatMap(name -> clickHouse
                        .list(
                                sql("former-targets.sql", name)
                                        .with("oldest", oldest.getEpochSecond())
                                        .with(
                                                "planned",
                                                oldest.minus(BEFORE_THE_ROWS).getEpochSecond()),
                                Target.class)
                        .stream())
                .toList();
    }

    /**
     * Whether an object is not one of theirs for certain: all of them can be asked, one of them began without taking anything
     * over, and none has an order with that key.
     */
    boolean isForeign(String bucket, String key) {
        return isWhole && silent.isEmpty() && names.stream().noneMatch(name -> knows(name, bucket, key));
    }

    private boolean knows(String name, String bucket, String key) {
        record Count(long count) {}
        return clickHouse
                        .one(
                                sql("former-knows.sql", name)
                                        .with("bucket", bucket)
                                        .with("key", key),
                                Count.class)
                        .orElseThrow()
                        .count()
                > 0;
    }

    /** Adds to a table of unread targets the source buckets whose rows they have delivered there. */
    void addSources(String ledger, String unread) {
        names.forEach(name -> clickHouse.execute(
                sql("unread-sources.sql", name).with("ledger", ledger).with("unread", unread)));
    }

    private static Statement sql(String file, String name) {
        return Statement.resource(FormerLedgers.class, file).with("former", name);
    }
}
