package io.logcourier.operations;

import io.logcourier.ConfigurationException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.operations.Adoption.Adopted;
import io.logcourier.operations.Audit.Difference;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Makes the ledger of a lane anew, by what can be seen: the rows of the log table, and the log objects in the targets. Rows
 * that are in an object count as delivered; all others are delivered by the ticks and workers that follow. The former ledger
 * is kept under another name. For when block numbers no longer tell which rows are delivered.
 *
 * <p>The new ledger is made beside the other one, and two RENAMEs put it in its place: whoever dies before has changed
 * nothing, and the next run finishes what lies between the two.
 */
public final class Repair {
    private static final DateTimeFormatter SUFFIX =
            DateTimeFormatter.ofPattern("uuuuMMdd_HHmmss").withZone(ZoneOffset.UTC);

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final Lane side;
    private final Settings settings;

    /** Of the lane of {@code settings}, which {@code clickHouse} is connected to. */
    public Repair(ClickHouse clickHouse, Settings settings) {
        this.clickHouse = clickHouse;
        this.settings = settings;
        lane = settings.lane();
        side = lane.withLedger(lane.ledger() + "_repair");
    }

    /**
     * What was found, and done: the answer of {@code courier repair --json}.
     *
     * @param lane which one
     * @param applied whether the new ledger took its place
     * @param reasons rows that no ledger can tell apart by their block numbers; empty where there are none
     * @param open orders of the former ledger without an outcome; the new one delivers their rows, if they are in no object
     * @param present rows in the log table
     * @param inObjects of these, those that are in a log object
     * @param remaining those that are in none and are to be delivered
     * @param undeliverable those that are in none and have no bucket or no target, or are kept out by a rule
     * @param objects that were read
     * @param lines in them
     * @param unreadable lines that are no records
     * @param former the database that the former ledger has now, if it was there and this was applied
     */
    public record Repaired(
            String lane,
            boolean applied,
            List<String> reasons,
            long open,
            long present,
            long inObjects,
            long remaining,
            long undeliverable,
            long objects,
            long lines,
            long unreadable,
            Optional<String> former) {}

    /** Where the books of the former ledger stand. */
    private record Books(long epoch, long outcomes, long open, long quiet) {
        boolean isAt(Books later) {
            return epoch == later.epoch && outcomes == later.outcomes;
        }
    }

    /**
     * Compares rows and objects, and shows what the new ledger says of them.
     *
     * @param isApplied whether it takes the place of the former one
     * @param quiet how long nobody must have written in the former ledger while orders of it are open: longer than a function
     *     may run, so that no worker is still at an object
     * @param s3 where the target buckets are
     * @param progress called with the bytes that were read, from any thread
     * @throws ConfigurationException if somebody is still at work, or an object cannot be read; nothing is changed then
     */
    public Repaired repair(boolean isApplied, Duration quiet, S3Client s3, LongConsumer progress) {
        record Database(String name) {}
        List<String> databases = clickHouse.list(sql("databases.sql"), Database.class).stream()
                .map(Database::name)
                .toList();
        boolean isThere = databases.contains(lane.ledger());
        if (!isThere && databases.contains(side.ledger())) {
            return finish();
        }
        Optional<Books> before = isThere ? Optional.of(books()) : Optional.empty();
        if (isApplied) {
            before.ifPresent(books -> checkQuiet(books, quiet));
        }
        clickHouse.execute(sql("drop-ledger.sql"));
        List<String> reasons = isThere ? reasons() : List.of();
        Adopted adopted = new Adoption(
                        clickHouse,
                        side,
                        settings.logRetention(),
                        settings.discovery().epochLimit())
                .adoptObjects(s3, progress);
        if (!isApplied) {
            clickHouse.execute(sql("drop-ledger.sql"));
            return repaired(false, reasons, before, adopted, Optional.empty());
        }
        before.filter(books -> !books.isAt(books())).ifPresent(books -> {
            clickHouse.execute(sql("drop-ledger.sql"));
            throw new ConfigurationException("somebody has written in the ledger " + lane.ledger() + " of lane "
                    + lane.name() + " meanwhile: stop the schedule and the workers, and run this again");
        });
        Optional<String> former = before.map(books -> lane.ledger() + "_before_" + SUFFIX.format(Instant.now()));
        former.ifPresent(name -> rename(lane.ledger(), name));
        rename(side.ledger(), lane.ledger());
        return repaired(true, reasons, before, adopted, former);
    }

    /** An earlier run has moved the former ledger away, and died before the new one took its place. */
    private Repaired finish() {
        rename(side.ledger(), lane.ledger());
        Adopted adopted = new Adoption(clickHouse, settings).adopted();
        return repaired(true, List.of(), Optional.empty(), adopted, Optional.empty());
    }

    private Repaired repaired(
            boolean isApplied, List<String> reasons, Optional<Books> before, Adopted adopted, Optional<String> former) {
        return new Repaired(
                lane.name(),
                isApplied,
                reasons,
                before.map(Books::open).orElse(0L),
                adopted.present(),
                adopted.adopted(),
                adopted.remaining(),
                adopted.undeliverable(),
                adopted.compared().map(Adoption.Compared::objects).orElse(0L),
                adopted.compared().map(Adoption.Compared::lines).orElse(0L),
                adopted.compared().map(Adoption.Compared::unreadable).orElse(0L),
                former);
    }

    private void checkQuiet(Books books, Duration quiet) {
        if (books.open() > 0 && books.quiet() < quiet.toSeconds()) {
            throw new ConfigurationException(
                    "%d orders of lane %s are open, and its ledger was written to %d seconds ago: stop the schedule and the workers, and wait until it has been quiet for %d seconds (--quiet)"
                            .formatted(books.open(), lane.name(), books.quiet(), quiet.toSeconds()));
        }
    }

    private Books books() {
        return clickHouse.one(sql("books-at.sql"), Books.class).orElseThrow();
    }

    /** Of a ledger that is damaged, or that is about another table, nothing is asked. */
    private List<String> reasons() {
        AccessLogTable table = new AccessLogTable(clickHouse, lane);
        try {
            String logTable = table.look().logTable();
            String known = new Ledger(clickHouse, lane).head().logTable();
            if (!known.equals(logTable)) {
                return List.of("the ledger is about the log table %s, this one is %s".formatted(known, logTable));
            }
            return new Stock(clickHouse, lane)
                    .differences().stream().map(Difference::what).toList();
        } catch (ConfigurationException | RetryableException e) {
            return List.of(e.getMessage());
        }
    }

    private void rename(String from, String to) {
        clickHouse.execute(sql("rename-ledger.sql").with("from", from).with("to", to));
    }

    private Statement sql(String file) {
        return Statement.resource(Repair.class, file)
                .with("ledger", lane.ledger())
                .with("side", side.ledger());
    }
}
