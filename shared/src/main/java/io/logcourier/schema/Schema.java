package io.logcourier.schema;

import io.logcourier.ConfigurationException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;

/** The tables of one lane. Applying is harmless where they exist. */
public final class Schema {
    private static final List<String> FILES = List.of(
            "01-logs-database.sql",
            "02-access-logs.sql",
            "03-ingest.sql",
            "04-ingest-view.sql",
            "05-ledger-database.sql",
            "06-epochs.sql",
            "07-arrivals.sql",
            "08-orders.sql",
            "09-offsets.sql");

    /** The ledger outlives the log rows by so much. */
    private static final Duration LONGER = Duration.ofDays(7);

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final Duration logRetention;

    /** The schema of {@code lane}, which {@code clickHouse} is connected to. */
    public Schema(ClickHouse clickHouse, Lane lane, Duration logRetention) {
        this.clickHouse = clickHouse;
        this.lane = lane;
        this.logRetention = logRetention;
    }

    /** The table that shippers write to. */
    public static String ingestTable(Lane lane) {
        return lane.logs() + "." + lane.table() + "_ingest";
    }

    /** The statements, in the order in which they are applied. */
    public List<Statement> statements() {
        return FILES.stream()
                .map(file -> Statement.resource(Schema.class, file)
                        .with("logs", lane.logs())
                        .with("table", lane.table())
                        .with("ingest", lane.table() + "_ingest")
                        .with("view", lane.table() + "_mv")
                        .with("ledger", lane.ledger())
                        .with("log_retention", logRetention.toSeconds())
                        .with("ledger_retention", logRetention.plus(LONGER).toSeconds()))
                .toList();
    }

    /**
     * Makes what is missing, and starts the ledger.
     *
     * @throws ConfigurationException if a log table is there already that does not keep block numbers
     */
    public void apply() {
        statements().forEach(clickHouse::execute);
        AccessLogTable table = new AccessLogTable(clickHouse, lane);
        table.check();
        table.indexBlockNumbers();
        byte[] id = new byte[8];
        new SecureRandom().nextBytes(id);
        new Ledger(clickHouse, lane).start(HexFormat.of().formatHex(id));
    }
}
