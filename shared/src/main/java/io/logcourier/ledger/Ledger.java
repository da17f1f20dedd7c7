package io.logcourier.ledger;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.logcourier.ConfigurationException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The ledger of one lane: every statement on its tables. Thread-safe.
 *
 * <p>Writes are safe to repeat: {@link #append} by compare-and-set, the derived tables by a deduplication token that
 * names the epoch, offsets because readers count distinct orders.
 */
public final class Ledger {
    /**
     * Deliverable arrivals that are in no order yet. Every arrival up to ordered_through is in one; beyond it, each
     * group remembers the last epoch that it was ordered to.
     */
    private static final String PENDING = """
            pending AS
            (
                SELECT arrivals.*
                FROM {ledger:Identifier}.arrivals AS arrivals
                LEFT JOIN
                (
                    SELECT session, bucket, target_bucket, target_prefix, max(to_epoch) AS ordered_to
                    FROM {ledger:Identifier}.orders
                    WHERE epoch > {ordered_through:UInt64}
                    GROUP BY session, bucket, target_bucket, target_prefix
                ) AS last
                USING (session, bucket, target_bucket, target_prefix)
                WHERE arrivals.epoch > {ordered_through:UInt64}
                    AND arrivals.epoch <= {through:UInt64}
                    AND kind = 'group'
                    AND arrivals.epoch > last.ordered_to
            ),
            due AS
            (
                SELECT session, bucket, target_bucket, target_prefix
                FROM pending
                GROUP BY session, bucket, target_bucket, target_prefix
                HAVING sum(rows) >= {count_threshold:UInt64} OR min(planned_at) <= fromUnixTimestamp64Milli({planned_before:Int64})
            )
            """;

    private static final String ORDER_COLUMNS = """
            epoch, number, planned_at, session, bucket, target_bucket, target_prefix, from_epoch, to_epoch,
            rows, checksum, min_inserted, max_inserted, min_start, max_start, key, rendering, source_region
            """;

    private final ClickHouse clickHouse;
    private final Lane lane;

    /** The ledger of {@code lane}, which {@code clickHouse} is connected to. */
    public Ledger(ClickHouse clickHouse, Lane lane) {
        this.clickHouse = clickHouse;
        this.lane = lane;
    }

    /** Starts the log with epoch 0, unless it has been started; counts nothing as delivered. */
    public void start(String ledgerId) {
        if (count("SELECT count() AS count FROM {ledger:Identifier}.epochs WHERE epoch >= {epoch:UInt64}", 0) > 0) {
            return;
        }
        Instant now = now();
        append(new Epoch(0, now, "schema", ledgerId, List.of(), List.of(), List.of(), "", "", 0, 0, now, 0));
    }

    /** The newest row of the log. */
    public Head head() {
        return clickHouse
                .one(sql("""
                                SELECT
                                    now64(3, 'UTC') AS now, epoch, planned_at, ledger, claims, frontier,
                                    length(orders) AS order_count, ordered_through, sent_through, redelivered_at, open_from
                                FROM {ledger:Identifier}.epochs
                                ORDER BY epoch DESC, _block_number, _block_offset
                                LIMIT 1
                                """), Head.class)
                .orElseThrow(() -> new ConfigurationException("the ledger " + lane.ledger() + " of lane " + lane.name()
                        + " was never started: run `courier schema --apply`"));
    }

    /**
     * Appends {@code epoch} if its number is free.
     *
     * @return whether it is ours; otherwise another planner was first and nothing happened
     */
    public boolean append(Epoch epoch) {
        clickHouse.insert(
                lane.ledger() + ".epochs",
                "JSONEachRow",
                ClickHouse.JSON.writeValueAsBytes(epoch),
                Map.of(
                        "insert_deduplication_token", "epoch-" + epoch.epoch(),
                        "input_format_json_ignore_unknown_keys_in_named_tuple", "1",
                        "date_time_input_format", "best_effort"));
        record Winner(String planner) {}
        return clickHouse
                .one(sql("""
                                        SELECT planner
                                        FROM {ledger:Identifier}.epochs
                                        WHERE epoch = {epoch:UInt64}
                                        ORDER BY _block_number, _block_offset
                                        LIMIT 1
                                        """).with("epoch", epoch.epoch()), Winner.class)
                .map(winner -> winner.planner().equals(epoch.planner()))
                .orElse(false);
    }

    /** Whether the arrivals of {@code epoch} are complete. */
    public boolean hasArrivals(long epoch) {
        return count(
                        "SELECT count() AS count FROM {ledger:Identifier}.arrivals"
                                + " WHERE epoch = {epoch:UInt64} AND kind = 'seal'",
                        epoch)
                > 0;
    }

    /**
     * Records the arrivals of {@code epoch}, unless they are recorded.
     *
     * @param arrivals a statement that returns the columns of the table {@code arrivals}, the seal among the rows
     */
    public void deriveArrivals(long epoch, Statement arrivals) {
        derive("arrivals", epoch, arrivals);
    }

    /** Whether all {@code expected} orders decided by {@code epoch} are in the table of orders. */
    public boolean hasOrders(long epoch, int expected) {
        return count("SELECT count() AS count FROM {ledger:Identifier}.orders WHERE epoch = {epoch:UInt64}", epoch)
                >= expected;
    }

    /** Records the orders that {@code epoch} decided, unless they are recorded. */
    public void deriveOrders(long epoch) {
        derive("orders", epoch, sql("""
                                SELECT
                                    epoch,
                                    toUInt32(number - 1) AS number,
                                    planned_at,
                                    decided.session, decided.bucket, decided.target_bucket, decided.target_prefix,
                                    decided.from_epoch, decided.to_epoch, decided.rows, decided.checksum,
                                    decided.min_inserted, decided.max_inserted, decided.min_start, decided.max_start,
                                    decided.key, rendering, source_region
                                FROM
                                (
                                    SELECT epoch, planned_at, orders, rendering, source_region
                                    FROM {ledger:Identifier}.epochs
                                    WHERE epoch = {epoch:UInt64}
                                    ORDER BY _block_number, _block_offset
                                    LIMIT 1
                                )
                                ARRAY JOIN orders AS decided, arrayEnumerate(orders) AS number
                                """).with("epoch", epoch));
    }

    /**
     * Copies rows as one INSERT with a token. Not INSERT SELECT: there a token does not always win over other data
     * (seen on 26.7 with ORDER BY and several threads), and a second planner may find other rows than the first.
     */
    private void derive(String table, long epoch, Statement rows) {
        byte[] block = clickHouse.read(rows, "RowBinary");
        clickHouse.insert(
                lane.ledger() + "." + table,
                "RowBinary",
                block,
                Map.of(
                        "insert_deduplication_token", table + "-" + epoch,
                        "max_insert_block_size", "100000000",
                        "min_insert_block_size_rows", "100000000",
                        "min_insert_block_size_bytes", "0"));
    }

    /**
     * The pending arrivals of all groups that are due, sorted by group and epoch. A group is due when it has
     * {@code countThreshold} rows, or a row claimed at {@code plannedBefore} or earlier.
     */
    public List<Arrivals> due(Head head, long countThreshold, Instant plannedBefore) {
        return clickHouse.list(pending("""
                        SELECT
                            epoch, session, bucket, target_bucket, target_prefix,
                            rows, checksum, min_inserted, max_inserted, min_start, max_start
                        FROM pending
                        WHERE (session, bucket, target_bucket, target_prefix) IN (SELECT * FROM due)
                        ORDER BY session, bucket, target_bucket, target_prefix, epoch
                        """, head, countThreshold, plannedBefore), Arrivals.class);
    }

    /** The first epoch that has pending arrivals of a group that is not {@linkplain #due due}. */
    public OptionalLong oldestNotDue(Head head, long countThreshold, Instant plannedBefore) {
        record Oldest(long epoch, long count) {}
        return clickHouse
                .one(pending("""
                                SELECT min(epoch) AS epoch, count() AS count
                                FROM pending
                                WHERE (session, bucket, target_bucket, target_prefix) NOT IN (SELECT * FROM due)
                                """, head, countThreshold, plannedBefore), Oldest.class)
                .filter(oldest -> oldest.count() > 0)
                .map(oldest -> OptionalLong.of(oldest.epoch()))
                .orElse(OptionalLong.empty());
    }

    private Statement pending(String select, Head head, long countThreshold, Instant plannedBefore) {
        return sql("WITH\n" + PENDING + select)
                .with("ordered_through", head.orderedThrough())
                .with("through", head.epoch())
                .with("count_threshold", countThreshold)
                .with("planned_before", plannedBefore.toEpochMilli());
    }

    /** The orders decided by the epochs after {@code after} up to {@code through}, in order. */
    public List<WorkOrder> decided(long after, long through) {
        return clickHouse.list(
                sql("SELECT " + ORDER_COLUMNS + """
                                FROM {ledger:Identifier}.orders
                                WHERE epoch > {after:UInt64} AND epoch <= {through:UInt64}
                                ORDER BY epoch, number
                                """).with("after", after).with("through", through), WorkOrder.class);
    }

    /** The orders without an outcome, in order; {@code openFrom} is an epoch before which none was decided. */
    public List<WorkOrder> open(long openFrom) {
        return clickHouse.list(sql("SELECT " + ORDER_COLUMNS + """
                                FROM {ledger:Identifier}.orders
                                WHERE epoch >= {open_from:UInt64}
                                    AND (epoch, number) NOT IN
                                    (
                                        SELECT epoch, number
                                        FROM {ledger:Identifier}.offsets
                                        WHERE epoch >= {open_from:UInt64}
                                    )
                                ORDER BY epoch, number
                                """).with("open_from", openFrom), WorkOrder.class);
    }

    /** The orders {@code first} to {@code last} of {@code epoch}, each with how it ended, if it did. */
    public List<Standing> standing(long epoch, int first, int last) {
        record Row(@JsonUnwrapped WorkOrder order, List<Offset.Outcome> outcomes) {}
        return clickHouse
                .list(
                        sql("SELECT outcomes, " + ORDER_COLUMNS + """
                                        FROM {ledger:Identifier}.orders
                                        LEFT JOIN
                                        (
                                            SELECT epoch, number, groupUniqArray(toString(outcome)) AS outcomes
                                            FROM {ledger:Identifier}.offsets
                                            WHERE epoch = {epoch:UInt64}
                                                AND number BETWEEN {first:UInt32} AND {last:UInt32}
                                            GROUP BY epoch, number
                                        ) AS ended USING (epoch, number)
                                        WHERE epoch = {epoch:UInt64} AND number BETWEEN {first:UInt32} AND {last:UInt32}
                                        ORDER BY number
                                        """)
                                .with("epoch", epoch)
                                .with("first", first)
                                .with("last", last),
                        Row.class)
                .stream()
                .map(row -> new Standing(row.order(), row.outcomes()))
                .toList();
    }

    /**
     * An order and its outcomes.
     *
     * @param outcomes without repetition; an order that was given up may have been delivered later
     */
    public record Standing(WorkOrder order, List<Offset.Outcome> outcomes) {}

    /** The blocks claimed by the epochs {@code from} to {@code to}, joined where they touch. */
    public List<BlockRange> claims(long from, long to) {
        record Claims(List<BlockRange> claims) {}
        return BlockRanges.union(clickHouse.list(sql("""
                                        SELECT claims
                                        FROM {ledger:Identifier}.epochs
                                        WHERE epoch BETWEEN {from:UInt64} AND {to:UInt64}
                                        ORDER BY epoch, _block_number, _block_offset
                                        LIMIT 1 BY epoch
                                        """).with("from", from).with("to", to), Claims.class).stream()
                .flatMap(row -> row.claims().stream())
                .toList());
    }

    /** Records outcomes, all in one INSERT. */
    public void commit(Collection<Offset> offsets) {
        if (offsets.isEmpty()) {
            return;
        }
        ByteArrayOutputStream rows = new ByteArrayOutputStream();
        for (Offset offset : offsets) {
            rows.writeBytes(ClickHouse.JSON.writeValueAsBytes(offset));
            rows.write('\n');
        }
        clickHouse.insert(lane.ledger() + ".offsets", "JSONEachRow", rows.toByteArray(), Map.of());
    }

    private Instant now() {
        record Now(Instant now) {}
        return clickHouse
                .one(Statement.of("SELECT now64(3, 'UTC') AS now"), Now.class)
                .orElseThrow()
                .now();
    }

    private long count(String select, long epoch) {
        record Count(long count) {}
        return clickHouse
                .one(sql(select).with("epoch", epoch), Count.class)
                .map(Count::count)
                .orElse(0L);
    }

    private Statement sql(String text) {
        return Statement.of(text).with("ledger", lane.ledger());
    }
}
