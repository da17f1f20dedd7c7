package io.logcourier.accesslog;

import io.logcourier.ConfigurationException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.BlockRanges;
import io.logcourier.ledger.Claims;
import io.logcourier.ledger.Group;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Tally;
import io.logcourier.ledger.WorkOrder;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The log table of one lane: every statement on it. Thread-safe. */
public final class AccessLogTable {
    /**
     * What a row is known by, hashed with XXH64: a fifth of the cost of SipHash here. Should a ClickHouse of another
     * version combine the parts in another way, orders of before would fall short and be superseded by equal ones.
     */
    private static final String IDENTITY =
            "reinterpretAsInt64(xxHash64(_partition_id, _block_number, _block_offset, startTime, req_id))";

    /**
     * The UTC day of a row, by which keys may name it. The table of arrivals, as S3 and its readers, knows the days from 1900 to
     * 2299: what lies before or behind counts as the first or the last of them, in all statements.
     */
    private static final String DAY =
            clamped("toDate32('1900-01-01')", "toDate32('2299-12-31')", "toDate32(log.startTime, 'UTC')");

    /** The time of a row, to the millisecond, as {@link #DAY} has it. */
    private static final String TIME = clamped(
            "toDateTime64('1900-01-01 00:00:00', 3, 'UTC')",
            "toDateTime64('2299-12-31 23:59:59.999', 3, 'UTC')",
            "toDateTime64(log.startTime, 3, 'UTC')");

    private static String clamped(String first, String last, String between) {
        return "multiIf(toInt64(log.startTime) <= -2208988800, %s, toInt64(log.startTime) >= 10413792000, %s, %s)"
                .formatted(first, last, between);
    }

    private static final String DAY_MARK = "/* day */";
    private static final String TIME_MARK = "/* time */";
    private static final String ON_CLUSTER_MARK = "/* on cluster */";
    private static final String IDENTITY_MARK = "/* identity */";
    private static final String CLAIMED_MARK = "/* claimed */";
    private static final String CUT_OFFS_MARK = "/* cut-offs */";
    private static final String ADOPTED_MARK = "/* adopted */";
    private static final String ADOPTED_BLOCKS_MARK = "/* adopted blocks */";
    private static final String ROWS_MARK = "/* rows */";
    private static final String NUMBERS_MARK = "/* numbers */";
    private static final String FIELDS_MARK = "/* fields */";
    private static final String MORE_MARK = "/* more */";

    /** Comparing a row with more of them costs more than a search, and 2,000 are more than ClickHouse parses. */
    private static final int COMPARED_RANGES = 16;

    /** Each takes the index half a millisecond. */
    private static final int SPANNED_PARTITIONS = 64;

    private static final int BLOCK_BITS = 44;

    /** By default ClickHouse parses 256 KiB. */
    private static final int RANGES_OF_A_USUAL_TEXT = 1000;

    private static final String LONGEST_TEXT = Integer.toString(1 << 28);

    /** A stream is read as quickly as S3 takes its objects, and ends with its reader. */
    private static final String LONGEST_STREAM_SECONDS = "3600";

    private static final Pattern PARTITION = Pattern.compile("[0-9A-Za-z_-]+");

    private final ClickHouse clickHouse;
    private final Lane lane;

    /** The log table of {@code lane}, which {@code clickHouse} is connected to. */
    public AccessLogTable(ClickHouse clickHouse, Lane lane) {
        this.clickHouse = clickHouse;
        this.lane = lane;
    }

    /**
     * Checks that rows keep their block numbers through merges, that the columns are of types which the statements on them
     * can take, and that those which log objects are to have are there.
     *
     * @throws ConfigurationException if the table or a column is missing or of another type, or a setting is off, with what
     *     mends it
     */
    public void check() {
        Made made = made();
        String engine = made.engineFull();
        List<String> off = new ArrayList<>();
        for (String setting : List.of("enable_block_number_column", "enable_block_offset_column")) {
            if (!engine.contains(setting + " = 1") && !engine.contains(setting + " = true")) {
                off.add(setting);
            }
        }
        if (!off.isEmpty()) {
            throw new ConfigurationException(
                    "the log table " + name() + " does not keep block numbers: run ALTER TABLE "
                            + name() + " MODIFY SETTING "
                            + off.stream().map(setting -> setting + " = 1").collect(Collectors.joining(", ")));
        }
        List<String> unfit = Column.unfit(made.columns());
        if (!unfit.isEmpty()) {
            throw new ConfigurationException(
                    "the log table %s %s; change the type (ALTER TABLE %s MODIFY COLUMN), or name a table that has it so"
                            .formatted(name(), String.join(", ", unfit), name()));
        }
        checkMoreColumns(made.columns());
    }

    /**
     * Checks that rows can be held against cursors that count whole seconds of insertedAt.
     *
     * @throws ConfigurationException if the column counts parts of them
     */
    public void checkWholeSeconds() {
        made().columns().stream()
                .filter(column -> column.name().equals("insertedAt") && !column.isWholeSeconds())
                .findFirst()
                .ifPresent(column -> {
                    throw new ConfigurationException(
                            "the log table %s has insertedAt as %s, and cursors count whole seconds: which rows of a second were delivered they do not tell, so it cannot be adopted by them"
                                    .formatted(name(), column.type()));
                });
    }

    private record Made(String engineFull, List<Column> columns) {}

    private Made made() {
        return clickHouse.one(sql("engine.sql"), Made.class).orElseThrow(this::missing);
    }

    private ConfigurationException missing() {
        return new ConfigurationException(
                "the log table " + name() + " does not exist: run `courier schema --apply`, or name another");
    }

    private void checkMoreColumns(List<Column> columns) {
        SequencedMap<String, Column> named = new LinkedHashMap<>();
        columns.forEach(column -> named.put(column.name(), column));
        List<String> unknown = lane.moreColumns().stream()
                .filter(column -> !named.containsKey(column))
                .toList();
        if (!unknown.isEmpty()) {
            throw new ConfigurationException("delivery.more-columns names " + String.join(", ", unknown)
                    + ": the log table " + name() + " has " + String.join(", ", named.keySet()));
        }
        List<String> notStored = lane.moreColumns().stream()
                .filter(column -> named.get(column).isEphemeral())
                .toList();
        if (!notStored.isEmpty()) {
            throw new ConfigurationException("delivery.more-columns names " + String.join(", ", notStored)
                    + ": the log table " + name() + " has it as EPHEMERAL, which is not stored: name a column that is");
        }
    }

    /**
     * Lets parts be skipped by block number, where this ClickHouse can (26.7.2 and later): new rows are found faster.
     *
     * @param onCluster the clause that has all replicas do so, or nothing
     */
    public void indexBlockNumbers(String onCluster) {
        record Known(String name) {}
        if (clickHouse.one(sql("knows-block-index.sql"), Known.class).isPresent()) {
            clickHouse.execute(sql("index-blocks.sql").replace(ON_CLUSTER_MARK, onCluster));
        }
    }

    /**
     * What the table is and has now, in one atomic look.
     *
     * @throws ConfigurationException if there is no such table
     */
    public Look look() {
        return clickHouse.one(sql("parts.sql"), Look.class).orElseThrow(this::missing);
    }

    /**
     * The table at a moment.
     *
     * @param server who looked, by its own name and id
     * @param logTable what it is, whatever it is called: another once it was made anew
     * @param parts that are active, oldest partition first
     */
    public record Look(String server, String logTable, List<Part> parts) {
        /** The blocks of all parts, joined where they touch. */
        public List<BlockRange> blocks() {
            return BlockRanges.union(parts.stream().map(Part::blocks).toList());
        }
    }

    /**
     * A part.
     *
     * @param low its lowest block number
     * @param high its highest
     * @param rows in it; advice, since deleted rows are counted until a merge
     */
    public record Part(String partition, long low, long high, long rows) {
        /** Its blocks. */
        public BlockRange blocks() {
            return new BlockRange(partition, low, high);
        }
    }

    /** How many rows each block of {@code ranges}, all of one partition, has, in order; empty blocks are left out. */
    public List<BlockSize> blockSizes(List<BlockRange> ranges) {
        return clickHouse.list(claimed(sql("block-sizes.sql"), ranges), BlockSize.class);
    }

    /** The rows of one block. */
    public record BlockSize(long block, long rows) {}

    /**
     * A statement that returns the arrivals of an epoch in the columns of the ledger's table: a row per group, and the
     * seal. Groups without a bucket or a target, or whose names are no UTF-8 and so no S3 names, are undeliverable; rows
     * that an incumbent has delivered are adopted, whatever they are.
     */
    public Statement arrivals(long epoch, Instant plannedAt, Claims claims) {
        return stream(
                without(sql("arrivals.sql").with("epoch", epoch).with("planned_at", plannedAt.toEpochMilli()), claims));
    }

    /** What orders of one epoch have in common if one query renders them. */
    public record Query(long fromEpoch, long toEpoch, Rendering rendering, boolean byDay) {
        /**
         * The query for {@code order}.
         *
         * @throws ConfigurationException if this version of log-courier does not know its rendering
         */
        public static Query of(WorkOrder order) {
            return new Query(
                    order.fromEpoch(),
                    order.toEpoch(),
                    Rendering.of(order),
                    !order.day().isEmpty());
        }
    }

    /**
     * Renders the rows of some orders as frames: order number (UInt32), identity hash (Int64), line (String), in the
     * RowBinary format; sorted by order number and, within an order, by startTime, req_id and identity. A single order
     * that becomes a Parquet file comes as this file, its rows sorted so.
     *
     * @param orders at least one, all decided by the same epoch, of one {@link Query}; one where that makes a file
     * @param claims the blocks claimed by the epochs that they take
     * @return frames or file; the caller closes the stream
     */
    public InputStream render(List<WorkOrder> orders, Claims claims) {
        WorkOrder any = orders.getFirst();
        return clickHouse.query(
                stream(without(
                        rendered(Rendering.of(any), any.moreColumns())
                                .replace(NUMBERS_MARK, numbers(orders))
                                .with("ledger", lane.ledger())
                                .with("epoch", any.epoch())
                                .with("by_day", Query.of(any).byDay() ? 1 : 0)
                                .with("source_region", any.sourceRegion())
                                .with("min_inserted", bound(orders, true))
                                .with("max_inserted", bound(orders, false)),
                        claims)),
                Rendering.of(any) == Rendering.PARQUET ? "Parquet" : "RowBinary");
    }

    private static Statement stream(Statement statement) {
        return statement.setting("max_execution_time", LONGEST_STREAM_SECONDS);
    }

    /**
     * What is left of the rows of an order.
     *
     * @param claims the blocks claimed by the epochs that it takes
     */
    public Tally tally(WorkOrder order, Claims claims) {
        Group group = order.group();
        return clickHouse
                .one(
                        without(
                                sql("tally.sql")
                                        .with("session", group.session())
                                        .with("bucket", group.bucket())
                                        .with("target_bucket", group.targetBucket())
                                        .with("target_prefix", group.targetPrefix())
                                        .with("day", order.day()),
                                claims),
                        Tally.class)
                .orElseThrow();
    }

    /**
     * How the rows of some epochs are grouped now, compared with how they arrived.
     *
     * @param more rows that groups have beyond what arrived in them: rows never come to claimed blocks, so they are of others
     * @param areSame whether all rows that arrived are there, and no others
     */
    public record Regrouped(long more, boolean areSame) {
        /**
         * Whether an order that finds {@code left} instead of its own rows does so because rows changed their group, as an
         * UPDATE of a bucket or a target makes them. Rows that are gone, or that are known by other hashes, tell nothing of it.
         */
        public boolean explains(WorkOrder order, Tally left) {
            return more > 0 || areSame || left.rows() > order.tally().rows();
        }
    }

    /**
     * How the rows of the epochs of an order are grouped now.
     *
     * @param claims the blocks claimed by these epochs
     */
    public Regrouped regrouped(WorkOrder order, Claims claims) {
        return clickHouse
                .one(
                        claimed(sql("regrouped.sql"), claims.blocks())
                                .with("ledger", lane.ledger())
                                .with("from", order.fromEpoch())
                                .with("to", order.toEpoch()),
                        Regrouped.class)
                .orElseThrow();
    }

    /** Whether the server is a replica that may lack rows which were inserted until a time, by its clock. */
    public boolean isLagging(Instant until) {
        record Count(long count) {}
        Statement lagging = sql("lagging.sql").with("until", until.toEpochMilli());
        return clickHouse.one(lagging, Count.class).orElseThrow().count() > 0;
    }

    private Statement rendered(Rendering rendering, List<String> moreColumns) {
        String more = IntStream.range(0, moreColumns.size())
                .mapToObj(i -> rendering == Rendering.TEXT
                        ? ", ' ', other_token(ifNull(toString(log.{more_%d:Identifier}), ''))".formatted(i)
                        : ", log.{more_%d:Identifier}".formatted(i))
                .collect(Collectors.joining());
        Statement statement = sql("render-" + rendering.version() + ".sql")
                .replace(FIELDS_MARK, sql("fields.sql").sql())
                .replace(MORE_MARK, more)
                .replace(ROWS_MARK, sql("rows.sql").sql());
        for (int i = 0; i < moreColumns.size(); i++) {
            statement = statement.with("more_" + i, moreColumns.get(i));
        }
        return statement;
    }

    /** In the text, as claims are. */
    private static String numbers(List<WorkOrder> orders) {
        return orders.stream()
                .map(order -> Integer.toString(order.number()))
                .collect(Collectors.joining(", ", "(", ")"));
    }

    private static long bound(List<WorkOrder> orders, boolean low) {
        var seconds = orders.stream()
                .mapToLong(order ->
                        (low ? order.tally().minInserted() : order.tally().maxInserted()).getEpochSecond());
        return (low ? seconds.min() : seconds.max()).orElseThrow();
    }

    private String name() {
        return lane.logs() + "." + lane.table();
    }

    private Statement sql(String file) {
        return Statement.resource(AccessLogTable.class, file)
                .replace(IDENTITY_MARK, IDENTITY)
                .replace(DAY_MARK, DAY)
                .replace(TIME_MARK, TIME)
                .with("logs", lane.logs())
                .with("table", lane.table());
    }

    /**
     * A statement of others on this table: where it marks them, with a condition for {@code blocks}, and with the hash by
     * which the ledger knows a row.
     */
    public Statement over(Statement statement, List<BlockRange> blocks) {
        return claimed(statement.replace(IDENTITY_MARK, IDENTITY), blocks);
    }

    /** Restricts to {@code claims}, without the rows that count as delivered by an incumbent; most have none. */
    private Statement without(Statement statement, Claims claims) {
        Statement all = claimed(statement, claims.blocks());
        if (claims.adopted().isEmpty()) {
            return all.replace(CUT_OFFS_MARK, "").replace(ADOPTED_MARK, "false");
        }
        return restricted(
                all.replace(CUT_OFFS_MARK, sql("cut-offs.sql").sql())
                        .replace(ADOPTED_MARK, sql("adopted.sql").sql())
                        .with("ledger", lane.ledger()),
                ADOPTED_BLOCKS_MARK,
                claims.adopted());
    }

    private static Statement claimed(Statement statement, List<BlockRange> claims) {
        return restricted(statement, CLAIMED_MARK, claims);
    }

    /**
     * Puts a condition for rows of {@code claims} where the statement marks it. In the text, since parameters travel in the
     * URL, of which proxies take 8 or 16 KB.
     */
    private static Statement restricted(Statement statement, String mark, List<BlockRange> claims) {
        List<BlockRange> ranges = BlockRanges.union(claims);
        if (ranges.isEmpty()) {
            return statement.replace(mark, "false");
        }
        if (ranges.size() <= COMPARED_RANGES) {
            return statement.replace(mark, any(ranges));
        }
        Statement sought = statement.replace(mark, sought(ranges));
        return ranges.size() <= RANGES_OF_A_USUAL_TEXT ? sought : sought.setting("max_query_size", LONGEST_TEXT);
    }

    /**
     * The condition for many ranges, sorted: a row looks for itself among their borders, which takes a binary search instead
     * of a comparison with each. A border is a partition's place and a block number; odd where a range begins, even behind
     * its end. The index is asked by partition and the span of blocks in each, or in all, where these are many too.
     */
    private static String sought(List<BlockRange> ranges) {
        SequencedMap<String, BlockRange> spans = new LinkedHashMap<>();
        StringBuilder borders = new StringBuilder("0");
        for (BlockRange range : ranges) {
            if (range.high() >> BLOCK_BITS != 0) {
                throw new IllegalArgumentException(
                        "block " + range.high() + " of partition " + range.partition() + " has a number beyond 2^44");
            }
            spans.merge(
                    range.partition(),
                    range,
                    (span, next) -> new BlockRange(span.partition(), span.low(), next.high()));
            long place = (long) spans.size() << BLOCK_BITS;
            borders.append(", ")
                    .append(2 * (place + range.low()) + 1)
                    .append(", ")
                    .append(2 * (place + range.high() + 1));
        }
        String partitions = spans.keySet().stream().map(AccessLogTable::quoted).collect(Collectors.joining(", "));
        String places = IntStream.rangeClosed(1, spans.size())
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(", "));
        String hint = spans.size() <= SPANNED_PARTITIONS
                ? any(spans.values())
                : "_block_number BETWEEN %d AND %d"
                        .formatted(
                                ranges.stream().mapToLong(BlockRange::low).min().orElseThrow(),
                                ranges.stream()
                                        .mapToLong(BlockRange::high)
                                        .max()
                                        .orElseThrow());
        return """
                (_partition_id IN (%1$s)
                    AND indexHint(%2$s)
                    AND roundDown(
                        2 * (bitShiftLeft(toUInt64(transform(_partition_id, [%1$s], [%3$s], 0)), %4$d) + _block_number) + 1,
                        [%5$s]) %% 2 = 1)""".formatted(partitions, hint, places, BLOCK_BITS, borders);
    }

    private static String any(Collection<BlockRange> ranges) {
        return ranges.stream()
                .map(range -> "(_partition_id = %s AND _block_number BETWEEN %d AND %d)"
                        .formatted(quoted(range.partition()), range.low(), range.high()))
                .collect(Collectors.joining(" OR ", "(", ")"));
    }

    /** ClickHouse makes these ids, of the values of the partition key or their hash. */
    private static String quoted(String partition) {
        if (!PARTITION.matcher(partition).matches()) {
            throw new IllegalArgumentException("'" + partition + "' is no partition id of ClickHouse's making");
        }
        return "'" + partition + "'";
    }
}
