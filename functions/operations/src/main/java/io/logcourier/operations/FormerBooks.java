package io.logcourier.operations;

import io.logcourier.ConfigurationException;
import io.logcourier.CourierException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.operations.Audit.Difference;
import java.time.Duration;
import java.util.List;

/** What the ledger of a lane says, before another one takes its place. It may be damaged, or about another table. */
final class FormerBooks {
    private final ClickHouse clickHouse;
    private final Settings settings;
    private final Lane lane;
    private final Ledger ledger;
    private final AccessLogTable table;

    /** Of the lane of {@code settings}, which {@code clickHouse} is connected to. */
    FormerBooks(ClickHouse clickHouse, Settings settings) {
        this.clickHouse = clickHouse;
        this.settings = settings;
        lane = settings.lane();
        ledger = new Ledger(clickHouse, lane);
        table = new AccessLogTable(clickHouse, lane);
    }

    /** Why block numbers do not tell which rows are delivered; empty where they do. */
    List<String> reasons() {
        try {
            String logTable = table.look().logTable();
            String known = ledger.head().logTable();
            if (!known.equals(logTable)) {
                return List.of("the ledger is about the log table %s, this one is %s".formatted(known, logTable));
            }
            return new Stock(clickHouse, lane)
                    .differences().stream().map(Difference::what).toList();
        } catch (ConfigurationException | RetryableException e) {
            return List.of(e.getMessage());
        }
    }

    /** Whether the books balance, objects aside; those that cannot be read do not. */
    boolean isWell() {
        try {
            return new Audit(clickHouse, settings).report().isWell();
        } catch (CourierException e) {
            return false;
        }
    }

    /**
     * How many rows are in no object that these books count as delivered; 0 if they say nothing of this log table.
     *
     * @param side the ledger that was made by the objects
     */
    long contradicted(Lane side) {
        record Count(long count) {}
        try {
            if (!ledger.head().logTable().equals(table.look().logTable())) {
                return 0;
            }
            Statement contradicted = Statement.resource(FormerBooks.class, "contradicted.sql")
                    .with("logs", lane.logs())
                    .with("table", lane.table())
                    .with("side", side.ledger());
            return clickHouse
                    .one(
                            table.over(contradicted, new Unclaimed(clickHouse, lane, Duration.ZERO).delivered()),
                            Count.class)
                    .orElseThrow()
                    .count();
        } catch (ConfigurationException | RetryableException e) {
            // Such books are named by their reasons.
            return 0;
        }
    }
}
