package io.logcourier.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.RetryableException;
import io.logcourier.localstack.Faults;
import io.logcourier.localstack.Faults.Call;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.message.Tick;
import io.logcourier.operations.AuditReport;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Every call that a planner makes, with every fault that can strike it: whatever happens, the next planners finish, and
 * each row is in one object.
 */
class PlannerMatrixIT {
    private static final Tick FLUSH = new Tick(Optional.empty(), true, false);
    private static final Tick REDELIVER = new Tick(Optional.empty(), false, true);

    private static final int TICKS = 7;

    /** Before this tick somebody mends what fails until then. */
    private static final int MENDED = 4;

    private static final Set<String> PLANNING = Set.of(
            "engine.sql",
            "parts.sql",
            "head.sql",
            "unarrived.sql",
            "arrivals.sql",
            "insert arrivals",
            "derive-orders.sql",
            "insert orders",
            "decided.sql",
            "send",
            "confirmed-shortfalls.sql",
            "due.sql",
            "waiting-groups.sql",
            "count-claimed.sql",
            "insert epochs",
            "winner.sql");

    /** Whether parts have changed since the newest epoch is ClickHouse's affair: it merges when it will. */
    private static final String CHANGED = "census.sql";

    /** What orders that lost rows add to it. */
    private static final Set<String> SUPERSEDING = Set.of(
            "lagging.sql",
            "claims.sql",
            "tally.sql",
            "regrouped.sql",
            "replaced.sql",
            "insert offsets",
            "insert shortfalls");

    /** Of the points of a plan, those that what is superseded passes too. */
    private static final Set<String> SHARED =
            Set.of("confirmed-shortfalls.sql", "insert epochs", "insert orders", "send");

    private static final Set<String> REDELIVERING = Set.of("open.sql", "send", "first-since.sql", "trimmable.sql");

    @RegisterExtension
    static final Stack STACK = new Stack();

    private final long seed = Faults.seed();
    private final Random random = new Random(seed);
    private final List<LogRow> delivered = new ArrayList<>();
    private Installation courier;
    private SqsOrderQueue queue;
    private long lost;
    private int round;
    private int rows;

    @BeforeEach
    void install() {
        courier = STACK.installation(Map.of("discovery.epoch-limit", "2"));
        queue = new SqsOrderQueue(courier.settings());
    }

    @AfterEach
    void closeQueue() {
        queue.close();
    }

    @Test
    void aPlannerThatClaimsOrdersAndSends() {
        run(PLANNING, call -> true, FLUSH, rounds -> {}, this::arrive);
    }

    @Test
    void aPlannerThatTakesWhatIsLeftOfOrdersThatLostRows() {
        Set<String> points = new HashSet<>(PLANNING);
        points.removeAll(Set.of("count-claimed.sql", "arrivals.sql", "insert arrivals", "due.sql"));
        points.addAll(SUPERSEDING);
        run(
                points,
                call -> SUPERSEDING.contains(call.point()) || SHARED.contains(call.point()),
                FLUSH,
                this::lose,
                () -> courier.execute(
                        "INSERT INTO {ledger}.shortfalls (epoch, number, found, finding) SELECT epoch, number, 0, 'confirmed'"
                                + " FROM {ledger}.orders WHERE startsWith(target_prefix, '" + round + "/')"));
    }

    @Test
    void aPlannerThatSendsOpenOrdersAgain() {
        Set<String> points = new HashSet<>(PLANNING);
        points.removeAll(Set.of(
                "count-claimed.sql",
                "arrivals.sql",
                "insert arrivals",
                "derive-orders.sql",
                "insert orders",
                "decided.sql",
                "due.sql"));
        points.addAll(REDELIVERING);
        run(points, call -> REDELIVERING.contains(call.point()), REDELIVER, rounds -> {}, () -> {
            courier.drain();
            arrive();
            courier.flush();
            courier.receive(courier.settings().queue().url());
        });
    }

    /**
     * Looks which calls there are, then runs the work once per call and fault, of its {@linkplain Faults#share share} of them.
     *
     * @param wanted which calls to strike; with {@code -Dfaults.every-call=true} all are
     * @param prepare called before a number of rounds
     * @param work called before each, with {@link #round} set
     */
    private void run(Set<String> points, Predicate<Call> wanted, Tick tick, IntConsumer prepare, Runnable work) {
        prepare.accept(1);
        Faults none = Faults.none();
        run(none, tick, work);
        Set<String> seen = new HashSet<>(none.calls().stream().map(Call::point).toList());
        seen.remove(CHANGED);
        assertThat(seen).as("a step that is not in the list has no fault case").isEqualTo(points);
        List<Faults> faults = none.cases(wanted, seed);
        courier.drain();
        prepare.accept(faults.size());
        for (Faults fault : faults) {
            run(fault, tick, work);
            assertThat(fault.struck()).as(fault.toString()).isTrue();
        }
        courier.drain();
        AuditReport report = courier.assertDelivered("all, seed " + seed, delivered);
        assertThat(report.balance().pending()).isZero();
        assertThat(report.balance().open()).isZero();
        assertThat(report.balance().lost()).isEqualTo(lost);
        System.out.printf(
                "%d fault points, %d calls, %d runs, %d rows%n",
                points.size(), none.calls().size(), faults.size(), rows);
    }

    /** One round: then another planner goes on, and every row of the round that is there is in one order. */
    private void run(Faults faults, Tick tick, Runnable work) {
        round++;
        work.run();
        plan(faults, tick);
        courier.flush();
        faults.arrive();
        assertThat(courier.number("SELECT sum(rows) FROM {ledger}.orders WHERE startsWith(target_prefix, '" + round
                        + "/') AND (epoch, number) NOT IN"
                        + " (SELECT epoch, number FROM {ledger}.offsets WHERE outcome = 'superseded')"))
                .as("%s, round %d, seed %d: rows in orders", faults, round, seed)
                .isEqualTo(delivered.stream()
                        .filter(row -> row.text("loggingTargetPrefix").startsWith(round + "/"))
                        .count());
    }

    /** Ticks until one succeeds or the process is stopped. */
    private void plan(Faults faults, Tick tick) {
        for (int time = 1; time <= TICKS; time++) {
            if (time == MENDED) {
                faults.mend();
            }
            try {
                FaultyPlanner.plan(courier, queue, faults, tick);
                return;
            } catch (RetryableException e) {
                assertThat(faults.struck()).as("%s: %s", faults, e).isTrue();
            } catch (Faults.Stopped e) {
                return;
            }
        }
        throw new AssertionError(faults + ": no tick succeeded");
    }

    /** Rows of two buckets arrive, more than an epoch is to claim. */
    private void arrive() {
        List<LogRow> batch = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            batch.add(row(round, "first", i));
            batch.add(row(round, "second", i));
        }
        courier.insert(batch);
        delivered.addAll(batch);
        rows += batch.size();
    }

    /** In each of the next rounds one order has lost a row, one all, and one none although workers say so. */
    private void lose(int rounds) {
        List<LogRow> batch = new ArrayList<>();
        for (int next = round + 1; next <= round + rounds; next++) {
            for (int i = 0; i < 2; i++) {
                batch.add(row(next, "some", i));
                batch.add(row(next, "none", i));
                batch.add(row(next, "whole", i));
            }
            lost += 3;
        }
        courier.insert(batch);
        courier.flush();
        courier.receive(courier.settings().queue().url());
        courier.execute("ALTER TABLE {logs}.access_logs DELETE"
                + " WHERE bucketName = 'none' OR endsWith(req_id, 'some-1') SETTINGS mutations_sync = 2");
        batch.stream()
                .filter(row -> row.text("bucketName").equals("whole")
                        || row.text("req_id").endsWith("some-0"))
                .forEach(delivered::add);
        rows += batch.size();
    }

    private LogRow row(int of, String bucket, int number) {
        return LogRow.random(random, bucket, "%d-%s-%d".formatted(of, bucket, number), courier.target())
                .with("loggingTargetPrefix", of + "/" + bucket + "/");
    }
}
