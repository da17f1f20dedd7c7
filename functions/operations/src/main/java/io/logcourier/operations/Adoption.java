package io.logcourier.operations;

import io.logcourier.ConfigurationException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.accesslog.Accounting.Counted;
import io.logcourier.accesslog.Inventory;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.Head;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.schema.Schema;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Starts a ledger where an incumbent has delivered rows so far, which remembers in a table {@code offsets} the last
 * (insertedAt, startTime, req_id) that it delivered of each session and bucket. Rows up to there that are visible now
 * count as delivered; every other row is delivered as any, one that becomes visible later too, whatever its times.
 *
 * <p>All is written under the id that the ledger will have, and counts for nothing until one INSERT starts the ledger:
 * whoever dies before has done nothing.
 */
public final class Adoption {
    private static final String CURSORS_MARK = "/* cursors */";
    private static final int NAMED_PARTS = 5;

    /** As the incumbent makes it. */
    private static final List<Column> COLUMNS = List.of(
            new Column("bucketName", "String"),
            new Column("raftSessionID", "UInt16"),
            new Column("lastProcessedInsertedAt", "DateTime"),
            new Column("lastProcessedStartTime", "DateTime64(3)"),
            new Column("lastProcessedReqId", "String"));

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final Schema schema;
    private final Ledger ledger;
    private final AccessLogTable table;
    private final long epochLimit;

    /** Of the lane of {@code settings}, which {@code clickHouse} is connected to. */
    public Adoption(ClickHouse clickHouse, Settings settings) {
        this(
                clickHouse,
                settings.lane(),
                settings.logRetention(),
                settings.discovery().epochLimit());
    }

    /**
     * Of {@code lane}, which {@code clickHouse} is connected to.
     *
     * @param logRetention of a log table that is not there yet
     * @param epochLimit rows that an epoch claims, about: as many of the rows that are to be delivered go into an object
     */
    Adoption(ClickHouse clickHouse, Lane lane, Duration logRetention, long epochLimit) {
        this.epochLimit = epochLimit;
        this.clickHouse = clickHouse;
        this.lane = lane;
        schema = new Schema(lane, logRetention);
        ledger = new Ledger(clickHouse, lane);
        table = new AccessLogTable(clickHouse, lane);
    }

    /**
     * What was adopted: the answer of {@code courier adopt --json}.
     *
     * @param started whether the ledger was started now; false where an earlier run has done it
     * @param cursors sessions and buckets that the incumbent has delivered rows of
     * @param present rows that were in the log table
     * @param adopted of these, those that count as delivered
     * @param remaining those that are to be delivered
     * @param undeliverable those that are not delivered and have no bucket or no target, or are kept out by a rule
     * @param recovered of the remaining and the undeliverable, those that the incumbent passed over
     * @param ahead of the adopted, those that the incumbent delivered without remembering it
     * @param compared what the incumbent's objects told this run; recovered and ahead are 0 unless they were read
     */
    public record Adopted(
            String lane,
            boolean started,
            long cursors,
            long present,
            long adopted,
            long remaining,
            long undeliverable,
            long recovered,
            long ahead,
            Optional<Compared> compared) {}

    /**
     * What the objects told.
     *
     * @param objects that were read
     * @param lines in them
     * @param unreadable lines that are no access log records of an incumbent
     * @param unjudged rows up to the cursors that are in no object, from before the first line that is left of their bucket,
     *     or whose target refused: they count as delivered
     * @param refused target buckets that cannot be read, or of which an object cannot, with the reason; their rows are
     *     unjudged if they are in no object that was read
     * @param skipped objects that cannot be read and that no order of a former ledger names, with the reason: they say nothing
     *     of any row; the first 10,000
     */
    public record Compared(
            long objects, long lines, long unreadable, long unjudged, List<String> refused, List<String> skipped) {}

    /**
     * Makes what is missing of the schema, and starts the ledger. Where an earlier run has started it, finishes what that
     * left undone.
     *
     * @param quiet how long the incumbent's table must not have been written to, which tells that it was stopped
     * @throws ConfigurationException if the incumbent's table is not what is known of it, the incumbent still runs, parts of
     *     the log table are detached, or the ledger was started otherwise
     */
    public Adopted adopt(Duration quiet) {
        return adopt(quiet, Optional.empty(), read -> {});
    }

    /**
     * As {@link #adopt(Duration)}, but by the incumbent's own log objects where they are still there: rows up to a cursor
     * that are in none are delivered, rows beyond it that are in one are not.
     *
     * @param s3 where the target buckets are
     * @param progress called with the bytes that were read, from any thread
     */
    public Adopted adoptAgainstObjects(Duration quiet, S3Client s3, LongConsumer progress) {
        return adopt(quiet, Optional.of(s3), progress);
    }

    private Adopted adopt(Duration quiet, Optional<S3Client> s3, LongConsumer progress) {
        checkColumns();
        schema.make(clickHouse);
        table.checkWholeSeconds();
        if (ledger.hasBegun()) {
            return report(false, Optional.empty());
        }
        checkQuiet(quiet);
        checkAttached();
        if (table.isLagging(Instant.now().minus(quiet))) {
            throw new RetryableException("the replica that lane " + lane.name()
                    + " is planned on lags: wait until it has all rows, and run this again");
        }
        Inventory there = Inventory.of(table);
        String id = Schema.newLedgerId();
        clickHouse.execute(cursors("cut-offs.sql").with("id", id));
        Optional<Compared> compared = s3.map(objects -> new IncumbentObjects(
                        clickHouse,
                        lane,
                        objects,
                        id,
                        there.blocks(),
                        false,
                        bucket -> true,
                        new FormerLedgers(clickHouse, lane, List.of()),
                        progress)
                .compare());
        checkMoved(id);
        checkAttached();
        if (!start(id, there)) {
            // Another run was quicker: its cut-offs count, and what this one has compared does not.
            return report(false, Optional.empty());
        }
        return report(true, compared);
    }

    private boolean start(String id, Inventory there) {
        List<List<BlockRange>> shares = shares(there);
        return ledger.adopt(
                id,
                there.look().logTable(),
                shares,
                table.isIndexed(there.blocks()),
                there.accounted(),
                table.rows(shares.getLast()));
    }

    /** All blocks, in shares of about as many rows as an epoch claims. */
    private List<List<BlockRange>> shares(Inventory there) {
        return AdoptedShares.of(
                there.numbered(),
                part -> table.count(List.of(part), List.of())
                        .getOrDefault(part.name(), Counted.NOTHING)
                        .blocks(),
                epochLimit,
                Ledger.MOST_ADOPTED);
    }

    /**
     * Starts a ledger by the log objects alone: rows that are in one count as delivered, and so do those whose object may be
     * among some that cannot be read; all others are delivered.
     *
     * @param s3 where the target buckets are
     * @param mayHold whether a target bucket that rows name can hold objects of ours
     * @param formers ledgers that have delivered rows of the log table
     * @param progress called with the bytes that were read, from any thread
     * @throws ConfigurationException if parts of the log table are detached, or the ledger was started before
     */
    Adopted adoptObjects(S3Client s3, Predicate<String> mayHold, FormerLedgers formers, LongConsumer progress) {
        schema.make(clickHouse);
        checkAttached();
        Inventory there = Inventory.of(table);
        String id = Schema.newLedgerId();
        clickHouse.execute(table.over(sql("all-behind.sql").with("id", id), there.blocks()));
        Compared compared = new IncumbentObjects(
                        clickHouse, lane, s3, id, there.blocks(), true, mayHold, formers, progress)
                .compare();
        checkAttached();
        boolean isStarted = start(id, there);
        return report(isStarted, Optional.of(compared));
    }

    private record Column(String name, String type) {}

    private void checkColumns() {
        List<Column> columns = clickHouse.list(sql("incumbent-columns.sql"), Column.class);
        if (columns.isEmpty()) {
            throw new ConfigurationException("there is no table " + offsets()
                    + " to adopt: clickhouse.logs-database names the incumbent's database");
        }
        boolean isKnown = columns.size() == COLUMNS.size()
                && COLUMNS.stream().allMatch(wanted -> columns.stream().anyMatch(column -> isAs(column, wanted)));
        if (!isKnown) {
            throw new ConfigurationException("the table " + offsets() + " has the columns " + text(columns) + "; only "
                    + text(COLUMNS) + " can be adopted");
        }
    }

    /** A time may name its zone. */
    private static boolean isAs(Column column, Column wanted) {
        String type = column.type().replaceFirst("(, )?'.*'", "").replace("()", "");
        return column.name().equals(wanted.name()) && type.equals(wanted.type());
    }

    private static String text(List<Column> columns) {
        return columns.stream()
                .map(column -> column.name() + " " + column.type())
                .collect(Collectors.joining(", "));
    }

    private void checkQuiet(Duration quiet) {
        record Written(Optional<Long> seconds) {}
        Optional<Long> seconds = clickHouse
                .one(sql("incumbent-written.sql"), Written.class)
                .orElseThrow()
                .seconds();
        if (seconds.isPresent() && seconds.get() < quiet.toSeconds()) {
            throw new ConfigurationException(
                    "the table %s was written to %d seconds ago: stop the incumbent, and wait until it has been quiet for %d seconds (--quiet)"
                            .formatted(offsets(), seconds.get(), quiet.toSeconds()));
        }
    }

    /** A part that is attached later comes under new numbers, which the ledger takes for new rows, whatever was delivered. */
    private void checkAttached() {
        record Detached(String partition, long low, long high, String name, String reason) {}
        List<Detached> parts = clickHouse.list(sql("detached.sql").with("since", 0), Detached.class);
        if (parts.isEmpty()) {
            return;
        }
        String first = parts.getFirst().name();
        throw new ConfigurationException(
                "%d parts of the log table %s.%s are detached (%s%s): attached later, their rows would be delivered again; attach them first (ALTER TABLE %2$s.%3$s ATTACH PART '%s', or ATTACH PARTITION for all of one), and run this again; of those that cannot be attached, being broken, and of those whose rows nobody wants, drop the files (DROP DETACHED PART)"
                        .formatted(
                                parts.size(),
                                lane.logs(),
                                lane.table(),
                                parts.stream()
                                        .limit(NAMED_PARTS)
                                        .map(Detached::name)
                                        .collect(Collectors.joining(", ")),
                                parts.size() > NAMED_PARTS ? ", ..." : "",
                                first));
    }

    private void checkMoved(String id) {
        record Count(long count) {}
        long moved = clickHouse
                .one(cursors("moved.sql").with("id", id), Count.class)
                .orElseThrow()
                .count();
        if (moved > 0) {
            throw new ConfigurationException(
                    "%d cursors in %s changed while they were adopted: stop the incumbent, and run this again"
                            .formatted(moved, offsets()));
        }
    }

    /** What the ledger was started with. */
    Adopted adopted() {
        return report(false, Optional.empty());
    }

    private ConfigurationException begun() {
        return new ConfigurationException("the ledger " + lane.ledger() + " of lane " + lane.name()
                + " was started before, and no adoption is in its log: rows can be adopted only when it starts");
    }

    /** Counts the rows, as a planner would, unless that is done. */
    private Adopted report(boolean started, Optional<Compared> compared) {
        long last = ledger.lastAdopted().orElseThrow(this::begun);
        Head head = ledger.head();
        if (head.epoch() == last) {
            ledger.unarrived(head)
                    .forEach(epoch -> ledger.deriveArrivals(
                            epoch.epoch(),
                            table.arrivals(epoch.epoch(), epoch.plannedAt(), epoch.claims()),
                            rows -> table.checkFound(
                                    epoch.epoch(), epoch.claims().blocks(), rows)));
        }
        record Rows(
                long cursors,
                long recovered,
                long ahead,
                long present,
                long adopted,
                long remaining,
                long undeliverable) {}
        Rows rows = clickHouse
                .one(
                        sql("adopted.sql")
                                .with("id", head.ledger())
                                .with("first", Ledger.ADOPTED)
                                .with("last", last),
                        Rows.class)
                .orElseThrow();
        return new Adopted(
                lane.name(),
                started,
                rows.cursors(),
                rows.present(),
                rows.adopted(),
                rows.remaining(),
                rows.undeliverable(),
                rows.recovered(),
                rows.ahead(),
                compared);
    }

    private String offsets() {
        return lane.logs() + ".offsets";
    }

    private Statement cursors(String file) {
        return sql(file).replace(CURSORS_MARK, sql("incumbent-cursors.sql").sql());
    }

    private Statement sql(String file) {
        return Statement.resource(Adoption.class, file)
                .with("ledger", lane.ledger())
                .with("logs", lane.logs())
                .with("table", lane.table());
    }
}
