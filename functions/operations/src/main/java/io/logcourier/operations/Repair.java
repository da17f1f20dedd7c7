package io.logcourier.operations;

import io.logcourier.ConfigurationException;
import io.logcourier.CourierException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Lane;
import io.logcourier.operations.Adoption.Adopted;
import io.logcourier.operations.Adoption.Compared;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Makes the ledger of a lane anew, by what can be seen: the rows of the log table, and the log objects in the targets. Rows
 * that are in an object count as delivered; all others are delivered by the ticks and workers that follow. The former ledger
 * is kept under another name. For when block numbers no longer tell which rows are delivered.
 *
 * <p>The new ledger is made beside the other one. Three RENAMEs put it in its place: it gets a name with the time, the former
 * one another with the same time, and then it gets the place. Whoever dies before the second has changed nothing, and the
 * next run that applies finishes what lies between the second and the third.
 */
public final class Repair {
    private static final DateTimeFormatter SUFFIX =
            DateTimeFormatter.ofPattern("uuuuMMdd_HHmmss").withZone(ZoneOffset.UTC);

    private static final String SIDE = "_repair";
    private static final String BEFORE = "_before_";
    private static final Pattern TIME = Pattern.compile("[0-9]{8}_[0-9]{6}");

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final Lane side;
    private final Settings settings;
    private final boolean isForced;
    private final boolean isHoldingBack;

    /** Of the lane of {@code settings}, which {@code clickHouse} is connected to. */
    public Repair(ClickHouse clickHouse, Settings settings) {
        this(clickHouse, settings, false, false);
    }

    private Repair(ClickHouse clickHouse, Settings settings, boolean isForced, boolean isHoldingBack) {
        this.clickHouse = clickHouse;
        this.settings = settings;
        this.isForced = isForced;
        this.isHoldingBack = isHoldingBack;
        lane = settings.lane();
        side = lane.withLedger(lane.ledger() + SIDE);
    }

    /** As this one, but it also replaces a ledger that nothing is wrong with. */
    public Repair forced() {
        return new Repair(clickHouse, settings, true, isHoldingBack);
    }

    /** As this one, but it counts rows whose targets cannot be read as delivered, until a repair can read them. */
    public Repair holdingBack() {
        return new Repair(clickHouse, settings, isForced, true);
    }

    /**
     * What was found, and done: the answer of {@code courier repair --json}.
     *
     * @param lane which one
     * @param applied whether the new ledger took its place
     * @param needed whether there is something to repair: no ledger, or one with {@code reasons}, or that does not balance
     * @param reasons rows that no ledger can tell apart by their block numbers; empty where there are none
     * @param open orders of the former ledger without an outcome; the new one delivers their rows, if they are in no object
     * @param present rows in the log table
     * @param inObjects of these, those that are in a log object
     * @param remaining those that are in none and are to be delivered
     * @param undeliverable those that are in none and have no bucket or no target, or are kept out by a rule
     * @param contradicted those that are in none and that the former ledger counts as delivered
     * @param unjudged those whose object may be one that could not be read: they count as delivered
     * @param objects that were read
     * @param lines in them
     * @param unreadable lines that are no records
     * @param refused targets that could not be read, and former ledgers that could not be asked, with the reason
     * @param skipped objects that could not be read and that no order names, with the reason; the first 10,000
     * @param former the database that the former ledger has now, if it was there and this was applied
     */
    public record Repaired(
            String lane,
            boolean applied,
            boolean needed,
            List<String> reasons,
            long open,
            long present,
            long inObjects,
            long remaining,
            long undeliverable,
            long contradicted,
            long unjudged,
            long objects,
            long lines,
            long unreadable,
            List<String> refused,
            List<String> skipped,
            Optional<String> former) {
        /** Whether all rows are told apart: none is held back, and none is missing without a known reason. */
        public boolean isClear() {
            return unjudged == 0 && refused.isEmpty() && (contradicted == 0 || !reasons.isEmpty());
        }
    }

    /** Where the books of the former ledger stand. */
    private record Books(long epoch, long outcomes, long open, long quiet) {
        boolean isAt(Books later) {
            return epoch == later.epoch && outcomes == later.outcomes;
        }
    }

    /**
     * The databases of a lane's ledgers.
     *
     * @param isThere whether the ledger is in its place
     * @param former those that were replaced, the newest first
     * @param swapping the time of a run that has moved the former ledger away, and died before the new one took its place
     * @param left what other runs have left behind
     */
    record Databases(boolean isThere, List<String> former, Optional<String> swapping, List<String> left) {
        static Databases of(String ledger, List<String> names) {
            boolean isThere = names.contains(ledger);
            List<String> former = names.stream()
                    .filter(name -> time(name, ledger + BEFORE).isPresent())
                    .sorted(Comparator.reverseOrder())
                    .toList();
            List<String> times = names.stream()
                    .flatMap(name -> time(name, ledger + SIDE + "_").stream())
                    .toList();
            Optional<String> swapping = times.stream()
                    .filter(time -> !isThere && names.contains(ledger + BEFORE + time))
                    .max(Comparator.naturalOrder());
            List<String> left = Stream.concat(
                            Stream.of(ledger + SIDE).filter(names::contains),
                            times.stream()
                                    .filter(time -> !swapping.equals(Optional.of(time)))
                                    .map(time -> ledger + SIDE + "_" + time))
                    .toList();
            return new Databases(isThere, former, swapping, left);
        }

        private static Optional<String> time(String name, String prefix) {
            return Optional.of(name)
                    .filter(any -> any.startsWith(prefix))
                    .map(any -> any.substring(prefix.length()))
                    .filter(rest -> TIME.matcher(rest).matches());
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
     * @throws ConfigurationException if somebody is still at work, parts of the log table are detached, there is nothing to
     *     repair, or targets cannot be read; nothing is changed then
     */
    public Repaired repair(boolean isApplied, Duration quiet, S3Client s3, LongConsumer progress) {
        Databases databases = databases();
        databases.left().forEach(this::drop);
        if (databases.swapping().isPresent()) {
            return finish(isApplied, databases.swapping().get());
        }
        Optional<Books> before = databases.isThere() ? Optional.of(books()) : Optional.empty();
        if (isApplied) {
            before.ifPresent(books -> checkQuiet(books, quiet));
        }
        Repaired shown;
        try {
            shown = compare(databases, before, s3, progress);
            if (isApplied) {
                before.ifPresent(this::checkStill);
                checkNeeded(shown);
                checkJudged(shown);
            }
        } catch (RuntimeException e) {
            throw dropped(e);
        }
        if (!isApplied) {
            drop(side.ledger());
            return shown;
        }
        return applied(shown, swap(databases.isThere()));
    }

    private Databases databases() {
        record Database(String name) {}
        return Databases.of(
                lane.ledger(),
                clickHouse.list(sql("databases.sql"), Database.class).stream()
                        .map(Database::name)
                        .toList());
    }

    /** Makes the new ledger beside the other one. */
    private Repaired compare(Databases databases, Optional<Books> before, S3Client s3, LongConsumer progress) {
        FormerBooks former = new FormerBooks(clickHouse, settings);
        List<String> reasons = databases.isThere() ? former.reasons() : List.of();
        List<String> ledgers = new ArrayList<>(databases.former());
        if (databases.isThere()) {
            ledgers.addFirst(lane.ledger());
        }
        Adopted adopted = adoption(side)
                .adoptObjects(s3, settings.targets()::allow, new FormerLedgers(clickHouse, lane, ledgers), progress);
        long contradicted = databases.isThere() ? former.contradicted(side) : 0;
        boolean isNeeded = !databases.isThere() || !reasons.isEmpty() || !former.isWell();
        return repaired(isNeeded, reasons, before.map(Books::open).orElse(0L), adopted, contradicted);
    }

    private Adoption adoption(Lane of) {
        return new Adoption(
                clickHouse, of, settings.logRetention(), settings.discovery().epochLimit());
    }

    /** Puts the new ledger in its place; returns the name that the former one has now. */
    private Optional<String> swap(boolean isThere) {
        if (!isThere) {
            rename(side.ledger(), lane.ledger());
            return Optional.empty();
        }
        String time = SUFFIX.format(Instant.now());
        String swapping = side.ledger() + "_" + time;
        String former = lane.ledger() + BEFORE + time;
        rename(side.ledger(), swapping);
        rename(lane.ledger(), former);
        rename(swapping, lane.ledger());
        return Optional.of(former);
    }

    /** An earlier run has moved the former ledger away, and died before the new one took its place. */
    private Repaired finish(boolean isApplied, String time) {
        String swapping = side.ledger() + "_" + time;
        if (isApplied) {
            rename(swapping, lane.ledger());
        }
        Adopted adopted = adoption(isApplied ? lane : lane.withLedger(swapping)).adopted();
        Repaired shown = repaired(
                true,
                List.of("a run with --apply was stopped before the ledger that it had made took its place: "
                        + (isApplied ? "it has now" : "with --apply it does")),
                0,
                adopted,
                0);
        return isApplied ? applied(shown, Optional.of(lane.ledger() + BEFORE + time)) : shown;
    }

    private Repaired repaired(boolean isNeeded, List<String> reasons, long open, Adopted adopted, long contradicted) {
        Optional<Compared> compared = adopted.compared();
        long unjudged = compared.map(Compared::unjudged).orElse(0L);
        return new Repaired(
                lane.name(),
                false,
                isNeeded,
                reasons,
                open,
                adopted.present(),
                adopted.adopted() - unjudged,
                adopted.remaining(),
                adopted.undeliverable(),
                contradicted,
                unjudged,
                compared.map(Compared::objects).orElse(0L),
                compared.map(Compared::lines).orElse(0L),
                compared.map(Compared::unreadable).orElse(0L),
                compared.map(Compared::refused).orElse(List.of()),
                compared.map(Compared::skipped).orElse(List.of()),
                Optional.empty());
    }

    private static Repaired applied(Repaired shown, Optional<String> former) {
        return new Repaired(
                shown.lane(),
                true,
                shown.needed(),
                shown.reasons(),
                shown.open(),
                shown.present(),
                shown.inObjects(),
                shown.remaining(),
                shown.undeliverable(),
                shown.contradicted(),
                shown.unjudged(),
                shown.objects(),
                shown.lines(),
                shown.unreadable(),
                shown.refused(),
                shown.skipped(),
                former);
    }

    private void checkQuiet(Books books, Duration quiet) {
        if (books.open() > 0 && books.quiet() < quiet.toSeconds()) {
            throw new ConfigurationException(
                    "%d orders of lane %s are open, and its ledger was written to %d seconds ago: stop the schedule and the workers, and wait until it has been quiet for %d seconds (--quiet)"
                            .formatted(books.open(), lane.name(), books.quiet(), quiet.toSeconds()));
        }
    }

    private void checkStill(Books before) {
        if (!before.isAt(books())) {
            throw new ConfigurationException("somebody has written in the ledger " + lane.ledger() + " of lane "
                    + lane.name() + " meanwhile: stop the schedule and the workers, and run this again");
        }
    }

    private void checkNeeded(Repaired shown) {
        if (!shown.needed() && !isForced) {
            throw new ConfigurationException(
                    "there is nothing to repair in lane %s: its books balance, and no rows were left alone%s"
                            .formatted(
                                    lane.name(),
                                    shown.contradicted() == 0
                                            ? "; with --force the ledger is made anew all the same"
                                            : "; but %,d rows are in no object that they count as delivered: if objects were removed, `courier replay` writes them again; if rows were changed, they are in objects as they were; with --force these rows are delivered once more, as are those that --hold-back held back"
                                                    .formatted(shown.contradicted())));
        }
    }

    private void checkJudged(Repaired shown) {
        if (!shown.refused().isEmpty() && !isHoldingBack) {
            throw new ConfigurationException(
                    "not all log objects can be read, so of %,d rows of lane %s nobody can say whether they were delivered: %s; make them readable and run this again, or add --hold-back: then these rows count as delivered, until they can be read and you run this with --apply --force"
                            .formatted(shown.unjudged(), lane.name(), String.join("; ", shown.refused())));
        }
    }

    private Books books() {
        return clickHouse.one(sql("books-at.sql"), Books.class).orElseThrow();
    }

    private RuntimeException dropped(RuntimeException failure) {
        try {
            drop(side.ledger());
        } catch (CourierException e) {
            failure.addSuppressed(e);
        }
        return failure;
    }

    private void drop(String database) {
        clickHouse.execute(sql("drop-ledger.sql").with("side", database));
    }

    private void rename(String from, String to) {
        clickHouse.execute(sql("rename-ledger.sql").with("from", from).with("to", to));
    }

    private Statement sql(String file) {
        return Statement.resource(Repair.class, file).with("ledger", lane.ledger());
    }
}
