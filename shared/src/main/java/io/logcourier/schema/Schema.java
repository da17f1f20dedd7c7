package io.logcourier.schema;

import io.logcourier.ConfigurationException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.BlockRanges;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

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
            "09-offsets.sql",
            "10-shortfalls.sql",
            "11-cut-offs.sql",
            "12-exceptions.sql");

    private static final String COLUMNS_MARK = "/* columns */";
    private static final int LEDGER_ID_BYTES = 8;
    private static final Pattern PARAMETER = Pattern.compile("\\{(\\w+):\\w+}");

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
        String columns = Statement.resource(Schema.class, "columns.sql").sql().strip();
        return FILES.stream()
                .map(file -> Statement.resource(Schema.class, file)
                        .replace(COLUMNS_MARK, columns)
                        .with("logs", lane.logs())
                        .with("table", lane.table())
                        .with("ingest", lane.table() + "_ingest")
                        .with("view", lane.table() + "_mv")
                        .with("ledger", lane.ledger())
                        .with("log_retention", logRetention.toSeconds())
                        .with("epochs_per_partition", Ledger.EPOCHS_PER_PARTITION))
                .toList();
    }

    /** The statements as a script for people, with names and times filled in. */
    public String text() {
        return statements().stream()
                .map(statement -> PARAMETER
                                .matcher(statement.sql().strip())
                                .replaceAll(match -> statement.parameters().get(match.group(1)))
                        + ";")
                .collect(Collectors.joining("\n\n"));
    }

    /**
     * Makes what is missing, without starting the ledger.
     *
     * @throws ConfigurationException if a log table is there already that does not keep block numbers
     */
    public void make() {
        statements().forEach(clickHouse::execute);
        AccessLogTable table = new AccessLogTable(clickHouse, lane);
        table.check();
        table.indexBlockNumbers();
    }

    /** A random id for a new ledger. */
    public static String newLedgerId() {
        byte[] id = new byte[LEDGER_ID_BYTES];
        new SecureRandom().nextBytes(id);
        return HexFormat.of().formatHex(id);
    }

    /**
     * Makes what is missing, and starts the ledger.
     *
     * @param adoptAll whether every row present counts as delivered when the ledger starts; without it none does
     * @return whether the ledger was started; false where it was there already
     * @throws ConfigurationException if a log table is there already that does not keep block numbers, or everything
     *     is to be adopted by a ledger that was started before
     */
    public boolean apply(boolean adoptAll) {
        make();
        List<BlockRange> delivered = adoptAll
                ? BlockRanges.union(new AccessLogTable(clickHouse, lane)
                        .parts().stream().map(AccessLogTable.Part::blocks).toList())
                : List.of();
        boolean started = new Ledger(clickHouse, lane).start(newLedgerId(), delivered);
        if (adoptAll && !started) {
            throw new ConfigurationException("the ledger " + lane.ledger() + " of lane " + lane.name()
                    + " was started before: rows can be adopted only when it starts");
        }
        return started;
    }
}
