package io.logcourier.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.RetryableException;
import io.logcourier.ledger.Ledger;
import io.logcourier.localstack.Faults;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.message.Tick;
import io.logcourier.operations.Audit.Difference;
import io.logcourier.operations.AuditReport;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Books older than their retention are forgotten, never what something still waits for, and never so that it shows. */
class TrimIT {
    private static final Tick PLAIN = new Tick(Optional.empty(), false, false);

    /** The others leave behind what one of these does. */
    private static final Set<Faults.Kind> DIFFERENT =
            EnumSet.of(Faults.Kind.STOPS_BEFORE, Faults.Kind.STOPS_AFTER, Faults.Kind.TWICE);

    private static final long PARTITION = Ledger.EPOCHS_PER_PARTITION;

    @RegisterExtension
    static final Stack STACK = new Stack();

    private final Random random = new Random(1);
    private final List<LogRow> delivered = new ArrayList<>();
    private Installation courier;

    @BeforeEach
    void install() {
        courier = STACK.installation();
    }

    @AfterEach
    void everyRowIsDeliveredOnce() {
        courier.flush();
        courier.drain();
        AuditReport report = courier.books();
        assertThat(report.differences()).isEmpty();
        assertThat(report.balance().open()).isZero();
        assertThat(report.balance().pending()).isZero();
        courier.assertObjects("all", "", delivered);
    }

    @Test
    void whatIsSettledIsForgottenWithItsLog() {
        courier.execute("INSERT INTO {ledger}.cut_offs (ledger, session, bucket) VALUES ('some', 1, 'bucket')");
        courier.execute(
                "CREATE TABLE {ledger}.copy ENGINE = MergeTree ORDER BY session AS SELECT * FROM {ledger}.cut_offs");
        arrive("early", 20);
        courier.flush();
        courier.drain();
        arrive("across", 10);
        courier.tick(PLAIN);
        passTo(2 * PARTITION);
        arrive("across", 10);
        courier.tick(PLAIN);
        courier.flush();
        courier.drain();
        age(11);
        arrive("late", 5);

        courier.tick(PLAIN);

        AuditReport report = courier.books();
        assertThat(report.differences()).isEmpty();
        assertThat(report.balance().begin()).isEqualTo(2 * PARTITION);
        assertThat(older(2 * PARTITION)).isZero();
        assertThat(courier.number("SELECT count() FROM {ledger}.cut_offs")).isZero();
        assertThat(courier.number("SELECT count() FROM {ledger}.copy")).isOne();
        assertThat(report.balance().ordered()).isZero();
        assertThat(report.balance().pending()).isEqualTo(5);
        assertThat(courier.tick(PLAIN).isIdle()).isTrue();
    }

    @Test
    void aMessageAboutATrimmedEpochIsBuriedWithTheReason() {
        arrive("early", 20);
        courier.flush();
        String body =
                courier.receive(courier.settings().queue().url()).getFirst().body();
        courier.send(body);
        courier.drain();
        passTo(PARTITION);
        deliver("recent");
        age(11);
        arrive("late", 5);
        courier.tick(PLAIN);

        courier.send(body);
        courier.drain();

        assertThat(courier.deadLetters())
                .hasSize(1)
                .allSatisfy(letter -> assertThat(letter.body()).isEqualTo(body))
                .allSatisfy(letter -> assertThat(
                                letter.messageAttributes().get("reason").stringValue())
                        .contains("knows 0 of the orders"));
        assertThat(courier.books().differences()).isEmpty();
    }

    @Test
    void booksYoungerThanTheirRetentionAreKept() {
        arrive("early", 20);
        courier.flush();
        courier.drain();
        passTo(PARTITION);
        deliver("recent");
        age(9);
        arrive("late", 5);

        courier.tick(PLAIN);

        assertThat(courier.books().balance().begin()).isZero();
    }

    @Test
    void whatAnOpenOrderNeedsIsKeptHoweverOldItIs() {
        arrive("early", 20);
        courier.tick(PLAIN);
        passTo(PARTITION);
        courier.flush();
        courier.receive(courier.settings().queue().url());
        passTo(2 * PARTITION);
        deliver("recent");
        age(100);
        arrive("late", 5);

        assertThat(courier.tick(PLAIN).redelivered()).isEqualTo(1);

        assertThat(courier.books().balance().begin()).isZero();
    }

    @Test
    void rowsThatNeverBecameDueAreKeptHoweverOldTheyAre() {
        arrive("early", 20);
        courier.tick(PLAIN);
        passTo(PARTITION + 10);
        shift("epochs", 100, "planned_at", "redelivered_at");
        arrive("late", 5);

        courier.tick(PLAIN);

        assertThat(courier.books().balance().begin()).isZero();
    }

    @Test
    void anEpochThatIsGoneFromWhereTheBooksBeginIsNamed() {
        passTo(PARTITION);
        deliver("recent");
        age(11);
        arrive("late", 5);
        courier.tick(PLAIN);
        courier.execute("CREATE TABLE {ledger}.saved AS {ledger}.epochs");
        String first = " WHERE epoch = " + PARTITION;
        courier.execute("INSERT INTO {ledger}.saved SELECT * FROM {ledger}.epochs" + first);
        courier.execute("ALTER TABLE {ledger}.epochs DELETE" + first + " SETTINGS mutations_sync = 2");

        assertThat(courier.books().differences())
                .extracting(Difference::what)
                .containsExactly("epoch 1000 is missing from the log; it claimed 0 rows, of the buckets []");

        courier.execute("INSERT INTO {ledger}.epochs SELECT * FROM {ledger}.saved");
    }

    @Test
    void aPlannerThatStopsOnTheWayLeavesBooksThatBalance() {
        try (SqsOrderQueue queue = new SqsOrderQueue(courier.settings())) {
            Faults none = Faults.none();
            trim(queue, none);
            List<Faults> faults = none.calls().stream()
                    .filter(call -> call.point().equals("trim.sql"))
                    .flatMap(call -> call.faults().stream())
                    .filter(fault -> DIFFERENT.contains(fault.kind()))
                    .toList();
            assertThat(faults).hasSizeGreaterThanOrEqualTo(DIFFERENT.size());
            for (Faults fault : faults) {
                trim(queue, fault);
                assertThat(fault.struck()).as(fault.toString()).isTrue();
                assertThat(courier.books().differences()).as(fault.toString()).isEmpty();

                shift("epochs", 1, "redelivered_at");
                courier.tick(PLAIN);

                assertThat(older(courier.books().balance().begin()))
                        .as(fault.toString())
                        .isZero();
                assertThat(courier.books().differences()).as(fault.toString()).isEmpty();
            }
        }
    }

    /** Delivers some rows, lets them grow old, and has a planner with a fault trim. */
    private void trim(SqsOrderQueue queue, Faults faults) {
        arrive("bucket", 3);
        courier.tick(PLAIN);
        passTo((newest() / PARTITION + 1) * PARTITION);
        courier.flush();
        courier.drain();
        age(11);
        arrive("next", 2);
        try {
            FaultyPlanner.plan(courier, queue, faults, PLAIN);
        } catch (Faults.Stopped | RetryableException e) {
            assertThat(faults.struck()).as("%s: %s", faults, e).isTrue();
        }
    }

    private void deliver(String bucket) {
        arrive(bucket, 1);
        courier.flush();
        courier.drain();
    }

    private void arrive(String bucket, int count) {
        List<LogRow> rows = IntStream.range(0, count)
                .mapToObj(
                        i -> LogRow.random(random, bucket, bucket + "-" + delivered.size() + "-" + i, courier.target()))
                .toList();
        courier.insert(rows);
        delivered.addAll(rows);
    }

    /** Appends epochs in which nothing happened, until {@code epoch} is the newest. */
    private void passTo(long epoch) {
        long newest = newest();
        courier.execute(
                "INSERT INTO {ledger}.epochs SELECT epochs.* REPLACE (%d + n.number AS epoch, [] AS claims, [] AS orders,"
                                .formatted(newest + 1)
                        + " %d + n.number AS sent_through) FROM {ledger}.epochs AS epochs, numbers(%d) AS n WHERE epochs.epoch = %d"
                                .formatted(newest, epoch - newest, newest));
    }

    /** All that is in the books now happened so many days earlier. */
    private void age(int days) {
        shift("epochs", days, "planned_at", "redelivered_at");
        shift("arrivals", days, "planned_at");
        shift("orders", days, "planned_at");
    }

    private void shift(String table, int days, String... times) {
        String updates = Stream.of(times)
                .map(time -> "%s = %s - INTERVAL %d DAY".formatted(time, time, days))
                .collect(Collectors.joining(", "));
        courier.execute(
                "ALTER TABLE {ledger}.%s UPDATE %s WHERE true SETTINGS mutations_sync = 2".formatted(table, updates));
    }

    private long newest() {
        return courier.number("SELECT max(epoch) FROM {ledger}.epochs");
    }

    /** How many rows are left of epochs before {@code epoch}. */
    private long older(long epoch) {
        return Stream.of("epochs", "arrivals", "orders", "offsets")
                .mapToLong(table ->
                        courier.number("SELECT count() FROM {ledger}.%s WHERE epoch < %d".formatted(table, epoch)))
                .sum();
    }
}
