package io.logcourier.accesslog;

import io.logcourier.ConfigurationException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.Accounting.Before;
import io.logcourier.accesslog.Accounting.Block;
import io.logcourier.accesslog.Accounting.Counted;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.BlockRanges;
import io.logcourier.ledger.Claims;
import io.logcourier.ledger.Group;
import io.logcourier.ledger.Head;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Tally;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.s3.BucketName;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

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
    private static final String ADDRESS_MARK = "/* address */";
    private static final String MORE_MARK = "/* more */";
    private static final String PARTS_MARK = "/* parts */";

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

    private static final Pattern KEEPS_ROWS = Pattern.compile("^(Replicated|Shared)?MergeTree\\b");
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
        check(Duration.ZERO);
    }

    /**
     * Checks that rows keep their block numbers through merges and are kept for long enough, and that the columns are of types which the
     * statements on them can take, and that those which log objects are to have are there. A TTL that is no column and an interval says nothing.
     *
     * @param least how long rows may wait until they are delivered
     * @throws ConfigurationException if the table or a column is missing, a setting is off, or rows are kept for no longer
     *     than that, with what mends it
     */
    public void check(Duration least) {
        Made made = made();
        String engine = made.engineFull();
        if (!KEEPS_ROWS.matcher(engine).find()) {
            throw new ConfigurationException(
                    "the log table %s is a %s, whose merges remove rows or change them: a MergeTree is needed, or a ReplicatedMergeTree"
                            .formatted(name(), engine.replaceFirst("[^A-Za-z].*", "")));
        }
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
                            + off.stream().map(setting -> setting + " = 1").collect(Collectors.joining(", "))
                            + "; then look at `courier status`, which names rows that a merge has renumbered meanwhile");
        }
        List<String> unfit = Column.unfit(made.columns());
        if (!unfit.isEmpty()) {
            throw new ConfigurationException(
                    "the log table %s %s; change the type (ALTER TABLE %s MODIFY COLUMN), or name a table that has it so"
                            .formatted(name(), String.join(", ", unfit), name()));
        }
        checkRetention(engine, least);
        checkMoreColumns(made.columns());
    }

    private void checkRetention(String engine, Duration least) {
        Retention.of(engine).filter(kept -> kept.compareTo(least) <= 0).ifPresent(kept -> {
            throw new ConfigurationException(
                    "the log table %s keeps rows for %ds, and they may wait for %ds, which is discovery.time-threshold and discovery.redeliver-after: they could go before they are delivered; give it a longer TTL with ALTER TABLE %1$s MODIFY TTL, or lower one of the settings"
                            .formatted(name(), kept.toSeconds(), least.toSeconds()));
        });
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

    /**
     * How long the table keeps rows at most, by the columns whose times that is counted from; empty where no TTL says so, or not as a
     * column and an interval.
     *
     * @throws ConfigurationException if there is no such table
     */
    public Map<String, Duration> retention() {
        return Retention.byColumn(made().engineFull());
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
     * Has ClickHouse not open the table where a part of it is broken: by default it sets the newest part aside, and gives its
     * block number to other rows. Lets parts be skipped by block number, where this ClickHouse can (26.7.2 and later) and the
     * table is empty: new rows are found faster, but an index that parts have from before may not.
     *
     * @param onCluster the clause that has all replicas do so, or nothing
     */
    public void guard(String onCluster) {
        clickHouse.execute(sql("guard.sql").replace(ON_CLUSTER_MARK, onCluster));
        record Known(String name) {}
        if (clickHouse.one(sql("knows-block-index.sql"), Known.class).isPresent()
                && look().parts().isEmpty()) {
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
     * @param indexed whether parts are skipped by an index of block numbers
     */
    public record Look(String server, String logTable, List<Part> parts, boolean indexed) {
        /** The highest block of each partition. */
        public Map<String, Long> highest() {
            return parts.stream().collect(Collectors.toMap(Part::partition, Part::high, Math::max));
        }
    }

    /**
     * A part.
     *
     * @param low its lowest block number
     * @param high its highest
     * @param rows in it; advice, since deleted rows are counted until a merge
     * @param name by which statements know it
     * @param id hash of its files; the same where the part is attached again under another name
     * @param mutated whether an ALTER or DELETE has written it anew
     * @param expires when the first of its rows may be removed by TTL, in seconds since 1970; 0 where there is none
     */
    public record Part(
            String partition, long low, long high, long rows, String name, long id, boolean mutated, long expires) {
        /** The blocks that its name spans. Those of its rows may be others, where it was attached. */
        public BlockRange blocks() {
            return new BlockRange(partition, low, high);
        }
    }

    /**
     * Counts what is new or was changed in the parts, and holds it against what the newest epoch knew.
     *
     * @param parts looked at after {@code head} was read
     * @param visible the highest block of each partition that may be claimed
     * @param rowLimit rows that are claimed, up to one block more
     * @param leftAlone names of parts that were left alone before, which are counted beside these
     * @param forgetAfter how long a part that went away is remembered at least
     */
    public Accounting account(
            Head head,
            List<Part> parts,
            Map<String, Long> visible,
            long rowLimit,
            Set<String> leftAlone,
            Duration forgetAfter) {
        Before before = new Before(head.accounted(), head.parts(), head.frontier());
        Map<String, Counted> counted =
                new HashMap<>(count(Accounting.toCount(before, parts, visible, rowLimit, leftAlone), head.frontier()));
        // Which rows are left says only a look at each block; a part that was merged in between is left for later.
        List<Part> less = Accounting.toCountByBlock(before, parts, counted);
        less.forEach(part -> counted.remove(part.name()));
        counted.putAll(count(less, head.frontier(), false));
        return Accounting.of(
                before, parts, counted, visible, rowLimit, head.now().getEpochSecond(), forgetAfter.toSeconds());
    }

    /**
     * Counts the rows of some parts, whatever their names say: those in {@code frontier} together, all others by block.
     *
     * @return by name; parts that are not active any more are left out
     */
    public Map<String, Counted> count(List<Part> parts, List<BlockRange> frontier) {
        return count(parts, frontier, true);
    }

    private Map<String, Counted> count(List<Part> parts, List<BlockRange> frontier, boolean isTogether) {
        if (parts.isEmpty()) {
            return Map.of();
        }
        record Row(String part, boolean isClaimed, long block, long rows, long mark, long oldest, long newest) {
            Block asBlock() {
                return new Block(block, rows, mark, oldest, newest);
            }
        }
        Statement census = sql("census.sql")
                .replace(PARTS_MARK, names(parts.stream().map(Part::name)))
                .replace(CLAIMED_MARK, condition(BlockRanges.union(frontier), false))
                .with("together", isTogether ? 1 : 0)
                .setting("max_query_size", LONGEST_TEXT);
        Map<String, List<Row>> rows =
                clickHouse.list(census, Row.class).stream().collect(Collectors.groupingBy(Row::part));
        Map<String, Counted> counted = new HashMap<>();
        rows.forEach((part, some) -> counted.put(
                part,
                new Counted(
                        some.stream().filter(Row::isClaimed).map(Row::asBlock).toList(),
                        !isTogether,
                        some.stream()
                                .filter(row -> !row.isClaimed())
                                .map(Row::asBlock)
                                .toList())));
        List<Part> silent =
                parts.stream().filter(part -> !counted.containsKey(part.name())).toList();
        if (!silent.isEmpty()) {
            Set<String> active = look().parts().stream().map(Part::name).collect(Collectors.toSet());
            silent.stream()
                    .filter(part -> active.contains(part.name()))
                    .forEach(part -> counted.put(part.name(), Counted.NOTHING));
        }
        return counted;
    }

    /** All blocks of {@code look}, as {@link #numbered} has them. */
    public List<BlockRange> blocks(Look look) {
        return BlockRanges.union(numbered(look).stream().map(Part::blocks).toList());
    }

    /**
     * The parts of {@code look}, by the numbers that their rows have: those that its name spans, and of a part whose rows have
     * others, each of these that no other part spans, as if it were a part. Reads the numbers of all rows.
     */
    public List<Part> numbered(Look look) {
        record Span(String part, long low, long high) {}
        Map<String, Part> byName = look.parts().stream().collect(Collectors.toMap(Part::name, Function.identity()));
        Set<String> others = clickHouse.list(sql("part-blocks.sql"), Span.class).stream()
                .filter(span -> byName.containsKey(span.part()))
                .filter(span -> span.low() < byName.get(span.part()).low()
                        || span.high() > byName.get(span.part()).high())
                .map(Span::part)
                .collect(Collectors.toSet());
        if (others.isEmpty()) {
            return look.parts();
        }
        record Numbered(String partition, long block, long rows) {}
        List<BlockRange> spanned =
                BlockRanges.union(look.parts().stream().map(Part::blocks).toList());
        List<Part> parts = new ArrayList<>(look.parts());
        clickHouse
                .list(
                        sql("blocks-of.sql")
                                .replace(PARTS_MARK, names(others.stream()))
                                .setting("max_query_size", LONGEST_TEXT),
                        Numbered.class)
                .stream()
                .map(some -> new Part(some.partition(), some.block(), some.block(), some.rows(), "block", 0, false, 0))
                .filter(some -> !BlockRanges.subtract(some.blocks(), spanned).isEmpty())
                .forEach(parts::add);
        parts.sort(Comparator.comparing(Part::partition).thenComparingLong(Part::low));
        return parts;
    }

    /**
     * Whether the index of block numbers, if the table has one, finds all rows of {@code claims}. A part that was attached or
     * restored keeps an index of before, through all merges.
     */
    public boolean isIndexed(List<BlockRange> claims) {
        return isIndexed(claims, rows(claims, false));
    }

    /**
     * As the other one.
     *
     * @param rows that were counted in {@code claims} without the index
     */
    public boolean isIndexed(List<BlockRange> claims, long rows) {
        return claims.isEmpty() ? rows == 0 : rows(claims, true) == rows;
    }

    /**
     * Checks that as many rows were counted as there are.
     *
     * @param rows that were counted in {@code claims}
     * @throws RetryableException if there are more
     */
    public void checkFound(long epoch, List<BlockRange> claims, long rows) {
        long there = rows(claims, false);
        if (there > rows) {
            throw new RetryableException(
                    "ClickHouse counted %,d rows in the blocks of epoch %d of lane %s, the log table %s holds %,d: a later tick counts again"
                            .formatted(rows, epoch, lane.name(), name(), there));
        }
    }

    /** How many rows there are in {@code claims}. */
    public long rows(List<BlockRange> claims) {
        return rows(claims, false);
    }

    private long rows(List<BlockRange> claims, boolean isIndexed) {
        record Count(long count) {}
        Statement count = restricted(sql("count-claimed.sql"), CLAIMED_MARK, claims, isIndexed);
        return clickHouse.one(count, Count.class).orElseThrow().count();
    }

    private static String names(Stream<String> names) {
        return names.map(AccessLogTable::quoted).collect(Collectors.joining(", ", "(", ")"));
    }

    /**
     * A statement that returns the arrivals of an epoch in the columns of the ledger's table: a row per group, and the
     * seal. Groups without a bucket or a target, whose target is no possible {@link BucketName}, or whose names are no UTF-8,
     * are undeliverable; rows that an incumbent has delivered are adopted, whatever they are.
     */
    public Statement arrivals(long epoch, Instant plannedAt, Claims claims) {
        return stream(without(
                sql("arrivals.sql")
                        .with("epoch", epoch)
                        .with("planned_at", plannedAt.toEpochMilli())
                        .with("bucket_name", BucketName.PATTERN),
                claims));
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
        return clickHouse.query(
                stream(rendering(orders, claims)),
                Rendering.of(orders.getFirst()).isFile() ? "Parquet" : "RowBinary");
    }

    /**
     * Renders the rows of an order for nothing. An error that comes between the rows of a result breaks the connection; here
     * no row is sent before, so the error comes with its code.
     *
     * @param claims the blocks claimed by the epochs that it takes
     * @throws io.logcourier.CourierException if it cannot be rendered, or ClickHouse fails otherwise
     */
    public void tryToRender(WorkOrder order, Claims claims) {
        clickHouse.read(stream(rendering(List.of(order), claims)), "Null");
    }

    private Statement rendering(List<WorkOrder> orders, Claims claims) {
        WorkOrder any = orders.getFirst();
        return without(
                rendered(Rendering.of(any), any.moreColumns())
                        .replace(NUMBERS_MARK, numbers(orders))
                        .with("ledger", lane.ledger())
                        .with("epoch", any.epoch())
                        .with("by_day", Query.of(any).byDay() ? 1 : 0)
                        .with("source_region", any.sourceRegion())
                        .with("min_inserted", bound(orders, true))
                        .with("max_inserted", bound(orders, false)),
                claims);
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
                        restricted(sql("regrouped.sql"), CLAIMED_MARK, claims.blocks(), claims.indexed())
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
                .mapToObj(i -> rendering.isText()
                        ? ", ' ', other_token(ifNull(toString(log.{more_%d:Identifier}), ''))".formatted(i)
                        : ", log.{more_%d:Identifier}".formatted(i))
                .collect(Collectors.joining());
        Statement statement = sql(rendering.statement())
                .replace(
                        FIELDS_MARK,
                        rendering.fields().map(fields -> sql(fields).sql()).orElse(""))
                .replace(ADDRESS_MARK, sql("address.sql").sql())
                .replace(MORE_MARK, more)
                .replace(ROWS_MARK, sql("rows.sql").sql());
        for (int i = 0; i < moreColumns.size(); i++) {
            statement = statement.with("more_" + i, moreColumns.get(i));
        }
        for (Map.Entry<String, Integer> parameter : rendering.parameters().entrySet()) {
            statement = statement.with(parameter.getKey(), parameter.getValue());
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
        return restricted(statement.replace(IDENTITY_MARK, IDENTITY), CLAIMED_MARK, blocks, false);
    }

    /** Restricts to {@code claims}, without the rows that count as delivered by an incumbent; most have none. */
    private Statement without(Statement statement, Claims claims) {
        Statement all = restricted(statement, CLAIMED_MARK, claims.blocks(), claims.indexed());
        if (claims.adopted().isEmpty()) {
            return all.replace(CUT_OFFS_MARK, "").replace(ADOPTED_MARK, "false");
        }
        return restricted(
                all.replace(CUT_OFFS_MARK, sql("cut-offs.sql").sql())
                        .replace(ADOPTED_MARK, sql("adopted.sql").sql())
                        .with("ledger", lane.ledger()),
                ADOPTED_BLOCKS_MARK,
                claims.adopted(),
                false);
    }

    /**
     * Puts a condition for rows of {@code claims} where the statement marks it. In the text, since parameters travel in the
     * URL, of which proxies take 8 or 16 KB.
     */
    private static Statement restricted(Statement statement, String mark, List<BlockRange> claims, boolean isIndexed) {
        List<BlockRange> ranges = BlockRanges.union(claims);
        Statement restricted = statement.replace(mark, condition(ranges, isIndexed));
        return ranges.size() <= RANGES_OF_A_USUAL_TEXT
                ? restricted
                : restricted.setting("max_query_size", LONGEST_TEXT);
    }

    /** The condition for rows of {@code ranges}, which are sorted; an index answers it only where it may. */
    private static String condition(List<BlockRange> ranges, boolean isIndexed) {
        if (ranges.isEmpty()) {
            return "false";
        }
        return ranges.size() <= COMPARED_RANGES ? any(ranges, isIndexed) : sought(ranges, isIndexed);
    }

    /**
     * The condition for many ranges, sorted: a row looks for itself among their borders, which takes a binary search instead
     * of a comparison with each. A border is a partition's place and a block number; odd where a range begins, even behind
     * its end. The index is asked by partition and the span of blocks in each, or in all, where these are many too.
     */
    private static String sought(List<BlockRange> ranges, boolean isIndexed) {
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
                ? any(spans.values(), true)
                : "_block_number BETWEEN %d AND %d"
                        .formatted(
                                ranges.stream().mapToLong(BlockRange::low).min().orElseThrow(),
                                ranges.stream()
                                        .mapToLong(BlockRange::high)
                                        .max()
                                        .orElseThrow());
        return """
                (_partition_id IN (%1$s)
                    AND %2$s
                    AND roundDown(
                        2 * (bitShiftLeft(toUInt64(transform(_partition_id, [%1$s], [%3$s], 0)), %4$d) + _block_number) + 1,
                        [%5$s]) %% 2 = 1)""".formatted(partitions, isIndexed ? "indexHint(" + hint + ")" : "true", places, BLOCK_BITS, borders);
    }

    private static String any(Collection<BlockRange> ranges, boolean isIndexed) {
        // No index knows what an operation makes of a number.
        String number = isIndexed ? "_block_number" : "bitXor(_block_number, 0)";
        return ranges.stream()
                .map(range -> "(_partition_id = %s AND %s BETWEEN %d AND %d)"
                        .formatted(quoted(range.partition()), number, range.low(), range.high()))
                .collect(Collectors.joining(" OR ", "(", ")"));
    }

    /** ClickHouse makes these ids, of the values of the partition key or their hash, and the names of parts of them. */
    private static String quoted(String id) {
        if (!PARTITION.matcher(id).matches()) {
            throw new IllegalArgumentException("'" + id + "' is no id of a partition or part of ClickHouse's making");
        }
        return "'" + id + "'";
    }
}
