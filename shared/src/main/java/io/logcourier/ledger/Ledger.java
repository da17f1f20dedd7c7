package io.logcourier.ledger;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.logcourier.ConfigurationException;
import io.logcourier.CourierException;
import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * The ledger of one lane: every statement on its tables. Thread-safe.
 *
 * <p>Writes are safe to repeat: {@link #append} by compare-and-set, the derived tables by a deduplication token that
 * names the epoch, offsets because readers count distinct orders.
 */
public final class Ledger {
    /** The version of the tables that this code reads and writes. */
    public static final int VERSION = 3;

    /** How many epochs the tables of the ledger keep, and lose, together. */
    public static final long EPOCHS_PER_PARTITION = 1000;

    /** Less than the number of any order. */
    private static final int BEFORE_ALL = -1;

    /** The first of the epochs that claim what is adopted. */
    public static final long ADOPTED = 1;

    /** Into how many epochs an adoption may be cut: they and epoch 0 must lie in one partition, to be there all or none. */
    public static final int MOST_ADOPTED = (int) EPOCHS_PER_PARTITION - 1;

    /** What the planner of the epochs appended by {@link #adopt} is called, before the id of the ledger. */
    private static final String ADOPTER = "adopt ";

    /** A token holds for a block, so what has one must be one, however long its rows are. */
    private static final Map<String, String> ONE_BLOCK = Map.of(
            "date_time_input_format", "best_effort",
            "max_insert_block_size", "100000000",
            "max_insert_block_size_bytes", "0",
            "min_insert_block_size_rows", "100000000",
            "min_insert_block_size_bytes", "0",
            // Else it cuts the text in pieces, and refuses a row of more than 100 MB.
            "input_format_parallel_parsing", "0");

    private final ClickHouse clickHouse;
    private final Lane lane;

    /** The ledger of {@code lane}, which {@code clickHouse} is connected to. */
    public Ledger(ClickHouse clickHouse, Lane lane) {
        this.clickHouse = clickHouse;
        this.lane = lane;
    }

    /**
     * Starts the log with epoch 0, unless it has been started.
     *
     * @param ledgerId random; part of every object key
     * @param logTable what the log table is, whatever it is called
     * @return whether it was started now, by this call
     */
    public boolean start(String ledgerId, String logTable) {
        return !hasBegun() && append(first(0, now(), ledgerId, ledgerId, logTable, List.of(), List.of(), true));
    }

    /**
     * Starts the log with epoch 0, unless it has been started, so that all that is there counts as delivered.
     *
     * @param ledgerId random; part of every object key
     * @param logTable what the log table is, whatever it is called
     * @param delivered blocks whose rows count as delivered
     * @param parts what is known of the parts of the log table
     * @return whether it was started now, by this call
     */
    public boolean start(String ledgerId, String logTable, List<BlockRange> delivered, List<AccountedPart> parts) {
        return !hasBegun()
                && append(
                        accounted(first(0, now(), ledgerId, ledgerId, logTable, List.of(), delivered, true), 0, parts));
    }

    /**
     * Starts the log with epoch 0 and an epoch for each of {@code shares} that claims it, all or none, unless it has been
     * started. Of their rows those up to the cut-off of their session and bucket count as delivered, save the exceptions.
     * Cut-offs and exceptions are recorded under {@code ledgerId} before; those of another id count for nothing.
     *
     * @param ledgerId random; part of every object key
     * @param logTable what the log table is, whatever it is called
     * @param shares the blocks that the incumbent may have delivered rows of, each in one share; one share at least, and
     *     {@value #MOST_ADOPTED} at most. What becomes visible later, it has not delivered
     * @param isIndexed whether an index of block numbers finds all their rows
     * @param parts what is known of the parts of the log table once all shares are claimed: the next planner goes on from there
     * @param lastRows rows of the last share
     * @return whether it was started now, by this call
     */
    public boolean adopt(
            String ledgerId,
            String logTable,
            List<List<BlockRange>> shares,
            boolean isIndexed,
            List<AccountedPart> parts,
            long lastRows) {
        if (shares.isEmpty() || shares.size() > MOST_ADOPTED) {
            throw new IllegalArgumentException("an adoption of %d shares: 1 to %d can be started in one INSERT"
                    .formatted(shares.size(), MOST_ADOPTED));
        }
        if (hasBegun()) {
            return false;
        }
        Instant now = now();
        String planner = ADOPTER + ledgerId;
        List<Epoch> epochs = new ArrayList<>();
        epochs.add(first(0, now, planner, ledgerId, logTable, List.of(), List.of(), true));
        List<BlockRange> frontier = List.of();
        for (List<BlockRange> share : shares) {
            frontier = BlockRanges.union(
                    Stream.concat(frontier.stream(), share.stream()).toList());
            epochs.add(first(epochs.size(), now, planner, ledgerId, logTable, share, frontier, isIndexed));
        }
        epochs.add(accounted(epochs.removeLast(), lastRows, parts));
        return append(epochs);
    }

    /** The last of the epochs that were appended by {@link #adopt}; empty in a ledger that adopted nothing. */
    public OptionalLong lastAdopted() {
        record Last(long epoch) {}
        long last = clickHouse
                .one(sql("last-adopted.sql").with("adopter", ADOPTER), Last.class)
                .orElseThrow()
                .epoch();
        return last == 0 ? OptionalLong.empty() : OptionalLong.of(last);
    }

    /** Whether the log has been started. */
    public boolean hasBegun() {
        return count(sql("count-epochs.sql")) > 0;
    }

    private Instant now() {
        record Now(Instant now) {}
        return clickHouse.one(sql("now.sql"), Now.class).orElseThrow().now();
    }

    private static Epoch first(
            long epoch,
            Instant now,
            String planner,
            String ledgerId,
            String logTable,
            List<BlockRange> claims,
            List<BlockRange> frontier,
            boolean isIndexed) {
        return new Epoch(
                epoch, now, planner, ledgerId, logTable, claims, frontier, List.of(), "", List.of(), 0, 0, now, 0,
                false, 0, isIndexed, List.of());
    }

    /** As an epoch of a planner that has counted all parts. */
    private static Epoch accounted(Epoch epoch, long claimedRows, List<AccountedPart> parts) {
        return new Epoch(
                epoch.epoch(),
                epoch.plannedAt(),
                epoch.planner(),
                epoch.ledger(),
                epoch.logTable(),
                epoch.claims(),
                epoch.frontier(),
                epoch.orders(),
                epoch.sourceRegion(),
                epoch.moreColumns(),
                epoch.orderedThrough(),
                epoch.sentThrough(),
                epoch.redeliveredAt(),
                epoch.openFrom(),
                true,
                claimedRows,
                epoch.indexed(),
                parts);
    }

    /** The version that the tables have; 0 where none is recorded. */
    public int version() {
        record Version(int version) {}
        return clickHouse.one(sql("version.sql"), Version.class).orElseThrow().version();
    }

    private void check(int version) {
        if (version != VERSION) {
            throw new ConfigurationException("the ledger %s of lane %s has version %d, this log-courier needs %d: %s"
                    .formatted(
                            lane.ledger(),
                            lane.name(),
                            version,
                            VERSION,
                            version < VERSION
                                    ? "run its `courier schema --apply`"
                                    : "deploy the newer one, or have the newer one run `courier schema --apply --ledger-version "
                                            + VERSION + "`"));
        }
    }

    /**
     * Records the version that the tables have from now on.
     *
     * @param version of the tables
     */
    public void recordVersion(int version) {
        record Version(int version) {}
        clickHouse.insert(
                lane.ledger() + ".versions",
                "JSONEachRow",
                ClickHouse.JSON.writeValueAsBytes(new Version(version)),
                Map.of());
    }

    /**
     * The newest row of the log.
     *
     * @throws ConfigurationException if there is none, or the tables are of another version
     */
    public Head head() {
        Head head = newest().orElseThrow(() -> new ConfigurationException("the ledger " + lane.ledger() + " of lane "
                + lane.name() + " was never started: run `courier schema --apply`"));
        check(head.version());
        return head;
    }

    /** The newest row of the log, if there is one. An older version lacks columns, which ClickHouse would name instead. */
    private Optional<Head> newest() {
        try {
            return clickHouse.one(sql("head.sql"), Head.class);
        } catch (CourierException e) {
            checkAfter(e);
            throw e;
        }
    }

    private void checkAfter(CourierException failure) {
        try {
            check(version());
        } catch (ConfigurationException other) {
            other.addSuppressed(failure);
            throw other;
        } catch (CourierException e) {
            failure.addSuppressed(e);
        }
    }

    /** How many of the planners' tables this replica does not have as a whole; none where nothing was started. */
    public int lagging() {
        return newest().map(Head::lagging).orElse(0);
    }

    /**
     * Where the books begin.
     *
     * @param epoch the first one that they hold: 0, until they are {@linkplain #trim trimmed}
     * @param plannedAt when it was appended
     */
    public record Begin(long epoch, Instant plannedAt) {}

    /** Where the books begin. */
    public Begin begin() {
        return clickHouse.one(sql("begin.sql"), Begin.class).orElseThrow();
    }

    /** The first epoch planned at {@code time} or later, or 0. */
    public long firstSince(Instant time) {
        record First(long epoch) {}
        return clickHouse
                .one(sql("first-since.sql").with("time", time.toEpochMilli()), First.class)
                .orElseThrow()
                .epoch();
    }

    /**
     * Forgets epochs before {@code needed} with all that belongs to them, whole partitions at a time. The log goes first:
     * what is left behind when this breaks off is older than the books, counts for nothing, and goes the next time.
     */
    public void trim(long needed) {
        record Trimmable(String table, String partition) {}
        for (Trimmable old : clickHouse.list(sql("trimmable.sql").with("needed", needed), Trimmable.class)) {
            clickHouse.execute(sql("trim.sql").with("table", old.table()).with("partition", old.partition()));
        }
    }

    /**
     * Appends {@code epoch} if its number is free.
     *
     * @return whether it is ours; otherwise another planner was first and nothing happened
     */
    public boolean append(Epoch epoch) {
        return append(List.of(epoch));
    }

    /** Appends {@code epochs}, all or none, if the number of the first is free. */
    private boolean append(List<Epoch> epochs) {
        Epoch epoch = epochs.getFirst();
        insertOnce("epochs", "epoch-" + epoch.epoch(), lines(epochs));
        return winner(epoch.epoch())
                .map(planner -> planner.equals(epoch.planner()))
                .orElseThrow(() -> unwritten("epochs", epoch.epoch()));
    }

    /** Who appended an epoch, if it is in the log. */
    private Optional<String> winner(long epoch) {
        record Winner(String planner) {}
        return clickHouse
                .one(sql("winner.sql").with("epoch", epoch), Winner.class)
                .map(Winner::planner);
    }

    /**
     * An epoch whose rows are not counted yet.
     *
     * @param accounted whether its planner counted them
     * @param claimedRows how many it counted
     */
    public record Unarrived(long epoch, Instant plannedAt, Claims claims, boolean accounted, long claimedRows) {}

    /**
     * The epochs whose rows are in no order yet and are not counted, in order: the newest, if any, but where a ledger was
     * adopted.
     *
     * @throws RetryableException if the rows of an epoch were recorded twice, and not alike
     */
    public List<Unarrived> unarrived(Head head) {
        return unarrived(head.orderedThrough(), head.epoch());
    }

    private List<Unarrived> unarrived(long after, long through) {
        record Row(
                long epoch,
                Instant plannedAt,
                String planner,
                List<BlockRange> claims,
                boolean accounted,
                long claimedRows,
                boolean indexed,
                boolean isBegun) {}
        List<Row> rows =
                clickHouse.list(sql("unarrived.sql").with("after", after).with("through", through), Row.class);
        rows.stream().filter(Row::isBegun).findFirst().ifPresent(row -> {
            throw new RetryableException(
                    "the arrivals of epoch %d of lane %s are recorded more than once, and not alike: two planners counted its rows at different times, and ClickHouse did not take the second INSERT for a repetition; nothing of them is ordered until the table %s.arrivals is mended: see \"An epoch that was recorded twice\" in docs/clickhouse.md"
                            .formatted(row.epoch(), lane.name(), lane.ledger()));
        });
        return rows.stream()
                .map(row -> new Unarrived(
                        row.epoch(),
                        row.plannedAt(),
                        claims(row.claims(), row.planner(), row.indexed()),
                        row.accounted(),
                        row.claimedRows()))
                .toList();
    }

    /**
     * Records the arrivals of {@code epoch}, unless they are recorded. However many groups they are, memory holds one.
     *
     * @param arrivals a statement that returns the columns of the table {@code arrivals}, the seal among the rows
     * @param check gets the number of rows before anything is recorded, and throws what forbids to record it
     * @return the rows that {@code epoch} claimed
     * @throws RetryableException if the groups do not sum up to one seal (nothing is recorded then), if nothing is
     *     recorded although ClickHouse says so, or if another planner has recorded others
     */
    public long deriveArrivals(long epoch, Statement arrivals, LongConsumer check) {
        record Derived(
                Instant plannedAt,
                String kind,
                @JsonUnwrapped Arrivals arrivals) {}
        ArrivalsSum sum = new ArrivalsSum();
        try (Spool rows = new Spool()) {
            clickHouse.each(arrivals, Derived.class, row -> {
                sum.add(row.kind().equals("seal"), row.arrivals().tally());
                rows.add(ClickHouse.JSON.writeValueAsBytes(row));
            });
            if (!sum.isWhole()) {
                throw new RetryableException(
                        "ClickHouse counted the rows of epoch %d of lane %s as %s: a later tick counts again"
                                .formatted(epoch, lane.name(), sum));
            }
            check.accept(sum.rows());
            insertOnce("arrivals", "arrivals-" + epoch, rows.finished());
        }
        if (!unarrived(epoch - 1, epoch).isEmpty()) {
            throw unwritten("arrivals", epoch);
        }
        return sum.rows();
    }

    /**
     * Records the orders that the newest epoch decided, and before them what became of those that they replace, unless that
     * is done.
     *
     * @return these orders, as they are recorded
     * @throws RetryableException if not all are
     */
    public List<WorkOrder> completeOrders(Head head) {
        if (head.orderCount() == 0) {
            return List.of();
        }
        List<WorkOrder> recorded = decided(head.epoch() - 1, head.epoch());
        if (recorded.size() != head.orderCount()) {
            deriveOrders(head);
            recorded = decided(head.epoch() - 1, head.epoch());
        }
        if (recorded.size() != head.orderCount()) {
            throw unwritten("orders", head.epoch());
        }
        return recorded;
    }

    private void deriveOrders(Head head) {
        List<WorkOrder> orders =
                list(sql("derive-orders.sql").with("epoch", head.epoch()), WorkOrder.class, head.orderCount());
        long replacements =
                orders.stream().filter(order -> order.replacesEpoch() > 0).count();
        if (replacements > 0) {
            supersede(head.epoch(), replacements);
        }
        insertOnce("orders", "orders-" + head.epoch(), lines(orders));
    }

    private RetryableException unwritten(String table, long epoch) {
        return new RetryableException(
                "ClickHouse acknowledged the %s of epoch %d of lane %s and does not have them all: a later tick tries again; if it stays so, the table %s.%s takes them for a repetition: see \"An epoch that does not get written\" in docs/clickhouse.md"
                        .formatted(table, epoch, lane.name(), lane.ledger(), table));
    }

    /**
     * Inserts rows as one block with a token. Not INSERT SELECT: there a token does not always win over other data
     * (seen on 26.7 with ORDER BY and several threads), and a second planner may find other rows than the first. The
     * rows were read as a whole: a part of them would use the token up.
     */
    private void insertOnce(String table, String token, ClickHouse.Rows rows) {
        Map<String, String> settings = new HashMap<>(ONE_BLOCK);
        settings.put("insert_deduplication_token", token);
        clickHouse.insert(lane.ledger() + "." + table, "JSONEachRow", rows, settings);
    }

    /**
     * Which groups are due.
     *
     * @param countThreshold with so many pending rows a group is
     * @param plannedBefore with a row that was claimed then or earlier it is, too
     * @param most arrivals that are taken at once; those of one group are taken together, however many
     * @param mostBytes that an order for each of them would take of the log's next row, about
     */
    public record Due(long countThreshold, Instant plannedBefore, int most, long mostBytes) {}

    /**
     * What is to be ordered now, and what is not.
     *
     * @param arrivals those of the groups that are due, sorted by group and epoch; if there are too many, of the groups that
     *     have waited longest
     * @param oldestLeft the first epoch with other pending arrivals
     */
    public record Taken(List<Arrivals> arrivals, OptionalLong oldestLeft) {}

    /**
     * Which of the pending arrivals are to be ordered now.
     *
     * @throws RetryableException if ClickHouse returns another number of them than it counts
     */
    public Taken take(Head head, Due due) {
        record Groups(long taken, long left, long oldestLeft) {}
        Groups groups = clickHouse
                .one(due("waiting-groups.sql", head, due), Groups.class)
                .orElseThrow();
        List<Arrivals> arrivals =
                groups.taken() == 0 ? List.of() : list(due("due.sql", head, due), Arrivals.class, groups.taken());
        return new Taken(arrivals, groups.left() == 0 ? OptionalLong.empty() : OptionalLong.of(groups.oldestLeft()));
    }

    private Statement due(String file, Head head, Due due) {
        return pending(sql(file).replace("/* waiting */", sql("waiting.sql").sql()), head)
                .with("count_threshold", due.countThreshold())
                .with("planned_before", due.plannedBefore().toEpochMilli())
                .with("most", due.most())
                .with("most_bytes", due.mostBytes());
    }

    /** {@code statement} with the relation {@code pending}, the arrivals in no order yet, where its WITH marks it. */
    public Statement pending(Statement statement, Head head) {
        return statement
                .replace("/* pending */", sql("pending.sql").sql())
                .with("ledger", lane.ledger())
                .with("ordered_through", head.orderedThrough())
                .with("through", head.epoch());
    }

    /**
     * What is claimed and not delivered yet.
     *
     * @param pending rows in no order yet
     * @param open rows of orders without an outcome
     * @param oldestSeconds since the oldest of them was inserted; 0 where there is none
     */
    public record Backlog(long pending, long open, long oldestSeconds) {}

    /** What is claimed and not delivered yet. */
    public Backlog backlog(Head head) {
        return clickHouse
                .one(pending(sql("backlog.sql"), head).with("open_from", head.openFrom()), Backlog.class)
                .orElseThrow();
    }

    /** The orders decided by the epochs after {@code after} up to {@code through}, in order. */
    public List<WorkOrder> decided(long after, long through) {
        return clickHouse.list(sql("decided.sql").with("after", after).with("through", through), WorkOrder.class);
    }

    /** The orders without an outcome, in order; {@code openFrom} is an epoch before which none was decided. */
    public List<WorkOrder> open(long openFrom) {
        return open(openFrom, BEFORE_ALL, Integer.MAX_VALUE);
    }

    /**
     * As {@link #open(long)}, in pages that are read when they are asked for, since all together may be too many for memory.
     *
     * @param most orders of a page; a page has one at least
     */
    public Iterable<List<WorkOrder>> openPages(long openFrom, int most) {
        return () -> Stream.iterate(
                        open(openFrom, BEFORE_ALL, most),
                        page -> !page.isEmpty(),
                        page -> open(page.getLast().epoch(), page.getLast().number(), most))
                .iterator();
    }

    /** The first {@code most} open orders after number {@code number} of {@code epoch}. */
    private List<WorkOrder> open(long epoch, long number, int most) {
        return clickHouse.list(
                sql("open.sql").with("epoch", epoch).with("number", number).with("most", most), WorkOrder.class);
    }

    /** The orders {@code first} to {@code last} of {@code epoch}, each with how it ended, if it did. */
    public List<Standing> standing(long epoch, int first, int last) {
        List<Standing> standings = clickHouse.list(
                sql("standing.sql").with("epoch", epoch).with("first", first).with("last", last), Standing.class);
        standings.stream().findFirst().ifPresent(any -> check(any.version()));
        return standings;
    }

    /**
     * An order and what became of it.
     *
     * @param outcomes without repetition; an order that was given up may have been delivered later
     * @param deliveredBytes of its object, if it was delivered
     * @param deliveredCrc32c of its object, if it was delivered
     * @param shortSince when it was first seen to lack rows, if ever
     * @param now ClickHouse's clock
     * @param version of the ledger's tables
     */
    public record Standing(
            @JsonUnwrapped WorkOrder order,
            List<Offset.Outcome> outcomes,
            long deliveredBytes,
            long deliveredCrc32c,
            Optional<Instant> shortSince,
            Instant now,
            int version) {}

    /** Records what was found of the rows of orders, in one INSERT; nothing where there are none. */
    public void recordShortfalls(List<Shortfall> shortfalls) {
        insert("shortfalls", shortfalls);
    }

    /** The first {@code most} orders that lost rows for certain and are not superseded yet, in order. */
    public List<WorkOrder> confirmedShortfalls(int most) {
        return clickHouse.list(sql("confirmed-shortfalls.sql").with("most", most), WorkOrder.class);
    }

    /** Records as superseded the {@code expected} orders that those of {@code epoch} replace. */
    private void supersede(long epoch, long expected) {
        record Replaced(@JsonUnwrapped WorkOrder order, long left) {}
        commit(list(sql("replaced.sql").with("epoch", epoch), Replaced.class, expected).stream()
                .map(replaced -> superseded(replaced.order(), replaced.left()))
                .toList());
    }

    /** The rows of a statement of which it is known how many there are. */
    private <T> List<T> list(Statement statement, Class<T> row, long expected) {
        List<T> rows = clickHouse.list(statement, row);
        if (rows.size() != expected) {
            throw new RetryableException(
                    "ClickHouse returned %d rows for %s in lane %s, and counted %d before: a later tick asks again"
                            .formatted(rows.size(), statement.name(), lane.name(), expected));
        }
        return rows;
    }

    /** The outcome of an order of which {@code left} rows are left. */
    public static Offset superseded(WorkOrder order, long left) {
        long rows = order.tally().rows();
        return Offset.superseded(
                order,
                left,
                left < rows
                        ? "%,d of %,d rows are gone from the log table".formatted(rows - left, rows)
                        : "rows were changed in the log table");
    }

    /** The orders of a bucket with a request in {@code [from, to)}, in order, without those that were superseded. */
    public List<WorkOrder> replayable(String bucket, Instant from, Instant to) {
        return clickHouse.list(
                sql("replayable.sql")
                        .with("bucket", bucket)
                        .with("from", from.toEpochMilli())
                        .with("to", to.toEpochMilli()),
                WorkOrder.class);
    }

    /** The blocks claimed by the epochs {@code from} to {@code to}. */
    public Claims claims(long from, long to) {
        record Row(List<BlockRange> claims, String planner, boolean indexed) {}
        List<Row> rows = clickHouse.list(sql("claims.sql").with("from", from).with("to", to), Row.class);
        return new Claims(
                BlockRanges.union(
                        rows.stream().flatMap(row -> row.claims().stream()).toList()),
                rows.stream()
                        .filter(row -> row.planner().startsWith(ADOPTER))
                        .flatMap(row -> row.claims().stream())
                        .toList(),
                rows.stream().allMatch(Row::indexed));
    }

    private static Claims claims(List<BlockRange> claims, String planner, boolean isIndexed) {
        return new Claims(claims, planner.startsWith(ADOPTER) ? claims : List.of(), isIndexed);
    }

    /** Records outcomes, all in one INSERT. */
    public void commit(Collection<Offset> offsets) {
        insert("offsets", offsets);
    }

    private void insert(String table, Collection<?> rows) {
        if (!rows.isEmpty()) {
            clickHouse.insert(
                    lane.ledger() + "." + table,
                    "JSONEachRow",
                    lines(rows),
                    Map.of("insert_deduplication_token", UUID.randomUUID().toString()));
        }
    }

    private static ClickHouse.Rows lines(Collection<?> rows) {
        return out -> {
            for (Object row : rows) {
                out.write(ClickHouse.JSON.writeValueAsBytes(row));
                out.write('\n');
            }
        };
    }

    private long count(Statement statement) {
        record Count(long count) {}
        return clickHouse.one(statement, Count.class).orElseThrow().count();
    }

    private Statement sql(String file) {
        return Statement.resource(Ledger.class, file)
                .with("ledger", lane.ledger())
                .with("epochs_per_partition", EPOCHS_PER_PARTITION);
    }
}
