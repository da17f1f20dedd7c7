package io.logcourier.schema;

import io.logcourier.ConfigurationException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.accesslog.Inventory;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
            "12-exceptions.sql",
            "13-versions.sql");

    /** The first is that from version 1 to 2. The tables above are those of the newest version. */
    static final List<Migration> MIGRATIONS = List.of(migration(2), migration(3));

    private static final String FOR_CLUSTERS = "14-distributed.sql";
    private static final String COLUMNS_MARK = "/* columns */";
    private static final String ON_CLUSTER_MARK = "/* on cluster */";
    private static final String CLUSTER_MARK = "/* cluster */";
    private static final String ENGINE_MARK = "/* engine */";
    private static final String DEDUPLICATION_MARK = "/* deduplication */";

    /** Its macros are those of ClickHouse's own manual: a server knows its shard and its replica. */
    private static final String REPLICATED =
            "ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')";

    /** A year: a number of an epoch must not be free again because nothing happened for a week. */
    private static final String REPLICATED_DEDUPLICATION =
            "replicated_deduplication_window = 10000,\n    replicated_deduplication_window_seconds = 31536000";

    private static final Pattern CLUSTER_NAME = Pattern.compile("[A-Za-z0-9._-]+");
    private static final int LEDGER_ID_BYTES = 8;
    private static final Pattern PARAMETER = Pattern.compile("\\{(\\w+):\\w+}");

    private final Lane lane;
    private final Duration logRetention;
    private final Optional<String> cluster;
    private final List<Migration> migrations;

    /**
     * What leads from a version of the ledger's tables to the next, and back: statements that know the parameter
     * {@code ledger} and the mark for a cluster, and are harmless where they were run before.
     */
    record Migration(List<Statement> up, List<Statement> down) {}

    private static Migration migration(int version) {
        return new Migration(
                List.of(Statement.resource(Schema.class, "migrate-%d-up.sql".formatted(version))),
                List.of(Statement.resource(Schema.class, "migrate-%d-down.sql".formatted(version))));
    }

    /** The schema of {@code lane}. */
    public Schema(Lane lane, Duration logRetention) {
        this(lane, logRetention, Optional.empty());
    }

    /**
     * The schema of a shard of {@code cluster}.
     *
     * @throws ConfigurationException if it cannot be the name of a cluster
     */
    public Schema(Lane lane, Duration logRetention, Optional<String> cluster) {
        this(lane, logRetention, cluster, MIGRATIONS);
    }

    Schema(Lane lane, Duration logRetention, Optional<String> cluster, List<Migration> migrations) {
        cluster.filter(name -> !CLUSTER_NAME.matcher(name).matches()).ifPresent(name -> {
            throw new ConfigurationException(
                    "'" + name + "' is no name of a cluster: letters, digits, dots, dashes and underscores are needed");
        });
        this.cluster = cluster;
        this.migrations = migrations;
        this.lane = lane;
        this.logRetention = logRetention;
    }

    /** The table that shippers write to. */
    public static String ingestTable(Lane lane) {
        return lane.logs() + "." + lane.table() + "_ingest";
    }

    /** The statements, in the order in which they are applied; on a cluster each reaches all shards and replicas. */
    public List<Statement> statements() {
        String columns = Statement.resource(Schema.class, "columns.sql").sql().strip();
        return Stream.concat(FILES.stream(), cluster.stream().map(name -> FOR_CLUSTERS))
                .map(file -> Statement.resource(Schema.class, file)
                        .replace(COLUMNS_MARK, columns)
                        .replace(ON_CLUSTER_MARK, onCluster())
                        .replace(CLUSTER_MARK, "'" + cluster.orElse("") + "'")
                        .replace(ENGINE_MARK, cluster.isPresent() ? REPLICATED : "MergeTree")
                        .replace(
                                DEDUPLICATION_MARK,
                                cluster.isPresent()
                                        ? REPLICATED_DEDUPLICATION
                                        : "non_replicated_deduplication_window = 10000")
                        .with("logs", lane.logs())
                        .with("table", lane.table())
                        .with("ingest", lane.table() + "_ingest")
                        .with("view", lane.table() + "_mv")
                        .with("distributed", lane.table() + "_all")
                        .with("ledger", lane.ledger())
                        .with("log_retention", logRetention.toSeconds())
                        .with("epochs_per_partition", Ledger.EPOCHS_PER_PARTITION))
                // As people read them: not every clause of a statement for a cluster takes parameters.
                .map(statement -> cluster.isPresent() ? Statement.of(text(statement)) : statement)
                .toList();
    }

    private String onCluster() {
        return cluster.map(name -> " ON CLUSTER `" + name + "`").orElse("");
    }

    /** The statements as a script for people, with names and times filled in. */
    public String text() {
        return statements().stream().map(statement -> text(statement) + ";").collect(Collectors.joining("\n\n"));
    }

    private static String text(Statement statement) {
        return PARAMETER
                .matcher(statement.sql().strip())
                .replaceAll(match -> statement.parameters().get(match.group(1)));
    }

    /**
     * Brings the tables of the ledger that {@code clickHouse} has to a version, up or back, while no function runs that
     * knows another. Broken off, it is repeated: a version is recorded when its tables are there.
     *
     * @throws ConfigurationException if there is no way to it
     */
    public void changeTo(ClickHouse clickHouse, int version) {
        Ledger ledger = new Ledger(clickHouse, lane);
        int newest = migrations.size() + 1;
        int from = ledger.version();
        if (version < 1 || version > newest || from > newest) {
            throw new ConfigurationException(
                    "the ledger %s of lane %s has version %d, version %d is asked for: this log-courier knows 1 to %d, use the newest"
                            .formatted(lane.ledger(), lane.name(), from, version, newest));
        }
        if (from == 0) {
            // New tables are the newest; a log that is older than versions is of the first.
            from = ledger.hasBegun() ? 1 : newest;
            ledger.recordVersion(from);
        }
        for (int at = from; at < version; at++) {
            run(clickHouse, migrations.get(at - 1).up());
            ledger.recordVersion(at + 1);
        }
        for (int at = from; at > version; at--) {
            run(clickHouse, migrations.get(at - 2).down());
            ledger.recordVersion(at - 1);
        }
    }

    private void run(ClickHouse clickHouse, List<Statement> statements) {
        statements.forEach(statement -> clickHouse.execute(
                statement.replace(ON_CLUSTER_MARK, onCluster()).with("ledger", lane.ledger())));
    }

    /**
     * Makes what is missing and brings the ledger to the newest version, without starting it.
     *
     * @throws ConfigurationException if a log table is there already that does not keep block numbers
     */
    public void make(ClickHouse clickHouse) {
        statements().forEach(clickHouse::execute);
        changeTo(clickHouse, migrations.size() + 1);
        AccessLogTable table = new AccessLogTable(clickHouse, lane);
        table.check();
        table.guard(onCluster());
    }

    private static boolean startWithAll(Ledger ledger, AccessLogTable table) {
        Inventory there = Inventory.of(table);
        return ledger.start(newLedgerId(), there.look().logTable(), there.blocks(), there.accounted());
    }

    /** A random id for a new ledger. */
    public static String newLedgerId() {
        byte[] id = new byte[LEDGER_ID_BYTES];
        new SecureRandom().nextBytes(id);
        return HexFormat.of().formatHex(id);
    }

    /**
     * Makes what is missing, brings the ledger to the newest version, and starts it.
     *
     * @param adoptAll whether every row present counts as delivered when the ledger starts; without it none does
     * @return whether the ledger was started; false where it was there already
     * @throws ConfigurationException if a log table is there already that does not keep block numbers, or everything
     *     is to be adopted by a ledger that was started before, or the ledger is newer than this code
     */
    public boolean apply(ClickHouse clickHouse, boolean adoptAll) {
        make(clickHouse);
        AccessLogTable table = new AccessLogTable(clickHouse, lane);
        Ledger ledger = new Ledger(clickHouse, lane);
        boolean started = adoptAll
                ? startWithAll(ledger, table)
                : ledger.start(newLedgerId(), table.look().logTable());
        if (adoptAll && !started) {
            throw new ConfigurationException("the ledger " + lane.ledger() + " of lane " + lane.name()
                    + " was started before: rows can be adopted only when it starts");
        }
        return started;
    }
}
