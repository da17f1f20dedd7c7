package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.localstack.Faults;
import io.logcourier.localstack.Faults.Call;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.message.Message;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.ReplayMessage;
import io.logcourier.operations.AuditReport;
import java.io.InputStream;
import java.time.Instant;
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
 * Every call that a worker makes, with every fault that can strike it: whatever happens, retries, redrives and the next
 * planners finish, and each row is in one object.
 */
class WorkerMatrixIT {
    private static final String PADDING = "p".repeat(200_000);

    /** How often a message comes before somebody mends what fails. */
    private static final int TIMES = 7;

    private static final Set<String> READING = Set.of("standing.sql", "claims.sql", "render-text-2.sql");

    /** What {@link #aWorkerThatDelivers} has every fault at. */
    private static final Set<String> DELIVERING = with("put", "insert offsets");

    @RegisterExtension
    static final Stack STACK = new Stack();

    private final long seed = Faults.seed();
    private final Random random = new Random(seed);
    private final List<LogRow> delivered = new ArrayList<>();
    private Installation courier;
    private FaultyPorts ports;
    private String refused = "nothing";
    private long lost;
    private int round;
    private int rows;

    @BeforeEach
    void install() {
        courier = STACK.installation(
                Map.of("worker.part-size", "5MiB", "worker.uploads", "1", "worker.supersede-after", "0.001s"));
        ports = new FaultyPorts(courier);
    }

    @AfterEach
    void closePorts() {
        ports.close();
    }

    @Test
    void aWorkerThatDelivers() {
        run(with("put", "insert offsets"), call -> true, rounds -> order(rounds, 2), this::sendOrders);
    }

    @Test
    void aWorkerThatDeliversInParts() {
        Set<String> parts = Set.of("begin", "part", "complete");
        Set<String> points = with("insert offsets", "begin", "part", "complete");
        run(points, call -> parts.contains(call.point()), rounds -> {}, () -> {
            List<LogRow> batch = new ArrayList<>();
            for (int i = 0; i < 27; i++) {
                batch.add(row(round, "large", i).with("userAgent", PADDING));
            }
            arrive(batch);
        });
        assertNoUnfinishedUploads();
    }

    @Test
    void aWorkerThatThrowsAnUploadAway() {
        run(
                with("begin", "part", "abort", "delay", "find", "lagging.sql", "abandon", "insert shortfalls"),
                call -> call.point().equals("abort"),
                rounds -> {
                    List<LogRow> batch = new ArrayList<>();
                    for (int next = round + 1; next <= round + rounds; next++) {
                        for (int i = 0; i < 29; i++) {
                            batch.add(row(next, "large", i).with("userAgent", PADDING));
                        }
                    }
                    arrive(batch);
                    courier.receive(courier.settings().queue().url());
                    delete("endsWith(req_id, 'large-1')");
                    delivered.removeIf(row -> row.text("req_id").endsWith("large-1"));
                    lost += rounds;
                },
                this::sendOrders);
        assertNoUnfinishedUploads();
    }

    @Test
    void aWorkerThatFindsRowsGone() {
        run(
                with("put", "insert offsets", "delay", "find", "lagging.sql", "abandon", "insert shortfalls"),
                call -> !DELIVERING.contains(call.point()),
                rounds -> {
                    order(rounds, 2);
                    delete("endsWith(req_id, 'first-1')");
                    delivered.removeIf(row -> row.text("req_id").endsWith("first-1"));
                    lost += rounds;
                },
                this::sendOrders);
    }

    @Test
    void aWorkerThatFindsTheObjectOfRowsThatAreGone() {
        run(
                with("delay", "find", "insert offsets"),
                call -> !READING.contains(call.point()),
                rounds -> {
                    deliverAhead(rounds);
                    courier.execute("ALTER TABLE {ledger}.offsets DELETE WHERE epoch = "
                            + message(round + 1).epoch() + " SETTINGS mutations_sync = 2");
                    delete("true");
                },
                this::sendOrders);
    }

    @Test
    void aWorkerThatGivesUp() {
        run(
                with("put", "insert offsets", "delay", "bury"),
                call -> !READING.contains(call.point()),
                rounds -> order(rounds, 2),
                () -> {
                    refused = round + "/first/";
                    sendOrders();
                });
    }

    @Test
    void aWorkerThatReplays() {
        run(
                with("find", "put", "replayable.sql", "send"),
                call -> !READING.contains(call.point()),
                this::deliverAhead,
                () -> {
                    for (String key :
                            courier.objects(courier.target(), round + "/").keySet()) {
                        courier.s3().deleteObject(request -> request.bucket(courier.target())
                                .key(key));
                    }
                    for (String bucket : List.of("first", "second")) {
                        courier.send(new ReplayMessage(
                                        Message.VERSION,
                                        courier.lane().name(),
                                        round + "-" + bucket,
                                        Instant.EPOCH,
                                        Instant.now(),
                                        Optional.empty())
                                .body());
                    }
                });
    }

    @Test
    void anOrderThatClickHouseHasNoMemoryForComesBackAndStopsNoOther() {
        round = 1;
        arrive(List.of(row(1, "first", 0)));
        long starved = courier.number("SELECT max(epoch) FROM {ledger}.orders");
        round = 2;
        arrive(List.of(row(2, "first", 0)));
        ClickHouse real = courier.clickHouse();
        ClickHouse small = new ClickHouse() {
            @Override
            public InputStream query(Statement statement, String format) {
                boolean isStarved = statement.name().equals("render-text-2.sql")
                        && statement.parameters().get("epoch").equals(Long.toString(starved));
                return real.query(isStarved ? statement.setting("max_memory_usage", "1") : statement, format);
            }

            @Override
            public void insert(String table, String format, byte[] lines, Map<String, String> settings) {
                real.insert(table, format, lines, settings);
            }

            @Override
            public void close() {}
        };

        try (WorkerHandler worker = ports.worker(small, Faults.none(), target -> false)) {
            assertThat(courier.serve(worker)).isTrue();
        }

        courier.assertObjects("the other", "2/", delivered.subList(1, 2));
        assertThat(courier.objects(courier.target(), "1/")).isEmpty();
        courier.drain();
        assertThat(courier.assertDelivered("with memory enough", delivered).isWell())
                .isTrue();
    }

    private static Set<String> with(String... more) {
        Set<String> all = new HashSet<>(READING);
        all.addAll(List.of(more));
        return all;
    }

    /**
     * Looks which calls there are, then runs the work once per call and fault, of its {@linkplain Faults#share share} of them.
     *
     * @param wanted which calls to strike; with {@code -Dfaults.every-call=true} all are
     * @param prepare called before a number of rounds
     * @param work called before each, with {@link #round} set: puts messages into the queue
     */
    private void run(Set<String> points, Predicate<Call> wanted, IntConsumer prepare, Runnable work) {
        prepare.accept(1);
        Faults none = Faults.none();
        run(none, work);
        assertThat(Set.copyOf(none.calls().stream().map(Call::point).toList()))
                .as("a step that is not in the list has no fault case")
                .isEqualTo(points);
        List<Faults> faults = none.cases(wanted, seed);
        courier.flush();
        courier.drain();
        prepare.accept(faults.size());
        for (Faults fault : faults) {
            run(fault, work);
            assertThat(fault.struck()).as(fault.toString()).isTrue();
        }
        courier.flush();
        courier.drain();
        AuditReport report = courier.assertDelivered("all, seed " + seed, delivered);
        assertThat(report.refused()).isEmpty();
        assertThat(report.balance().pending()).isZero();
        assertThat(report.balance().open()).isZero();
        assertThat(report.balance().lost()).isEqualTo(lost);
        System.out.printf(
                "%d fault points, %d calls, %d runs, %d rows%n",
                points.size(), none.calls().size(), faults.size(), rows);
    }

    /** One round: what fails is mended at last, what is dead redriven; then no order of it is without an outcome. */
    private void run(Faults faults, Runnable work) {
        round++;
        work.run();
        serve(faults);
        refused = "nothing";
        courier.redrive();
        courier.drain();
        if (faults.arrive()) {
            courier.redrive();
            courier.drain();
        }
        assertThat(courier.number("SELECT count() FROM {ledger}.orders WHERE startsWith(target_prefix, '" + round
                        + "/') AND (epoch, number) NOT IN"
                        + " (SELECT epoch, number FROM {ledger}.offsets WHERE outcome = 'delivered'"
                        + " UNION ALL SELECT epoch, number FROM {ledger}.shortfalls WHERE finding = 'confirmed')"))
                .as("%s, round %d, seed %d: orders that nobody works on", faults, round, seed)
                .isZero();
    }

    /** Serves the queue until it is empty or the process is stopped; messages are served as often as SQS allows. */
    private void serve(Faults faults) {
        WorkerHandler worker = ports.worker(faults, target -> target.key().startsWith(refused));
        boolean more = true;
        for (int time = 1; more; time++) {
            if (time == TIMES) {
                faults.mend();
            }
            assertThat(time).as(faults.toString()).isLessThanOrEqualTo(2 * TIMES);
            more = courier.serve(worker);
        }
        worker.close();
    }

    /** Rows arrive and are ordered. */
    private void arrive(List<LogRow> batch) {
        courier.insert(batch);
        delivered.addAll(batch);
        rows += batch.size();
        courier.flush();
    }

    /** Orders for the next rounds, each of two buckets; the messages are taken out of the queue. */
    private void order(int rounds, int each) {
        List<LogRow> batch = new ArrayList<>();
        for (int next = round + 1; next <= round + rounds; next++) {
            for (int i = 0; i < each; i++) {
                batch.add(row(next, "first", i));
                batch.add(row(next, "second", i));
            }
        }
        arrive(batch);
        courier.receive(courier.settings().queue().url());
    }

    /** Orders of the next rounds, delivered once already. */
    private void deliverAhead(int rounds) {
        order(rounds, 1);
        for (int next = round + 1; next <= round + rounds; next++) {
            courier.send(message(next).body());
        }
        courier.drain();
    }

    private void sendOrders() {
        courier.send(message(round).body());
    }

    /** The message about the orders of a round, which lie next to each other. */
    private OrderMessage message(int of) {
        String orders = " FROM {ledger}.orders WHERE startsWith(bucket, '" + of + "-')";
        return OrderMessage.of(
                courier.lane().name(),
                courier.number("SELECT max(epoch)" + orders),
                (int) courier.number("SELECT min(number)" + orders),
                (int) courier.number("SELECT max(number)" + orders));
    }

    private void assertNoUnfinishedUploads() {
        assertThat(courier.s3()
                        .listMultipartUploads(request -> request.bucket(courier.target()))
                        .uploads())
                .as("unfinished uploads")
                .isEmpty();
    }

    private LogRow row(int of, String bucket, int number) {
        return LogRow.random(random, of + "-" + bucket, "%d-%s-%d".formatted(of, bucket, number), courier.target())
                .with("loggingTargetPrefix", of + "/" + bucket + "/");
    }

    private void delete(String condition) {
        courier.execute("ALTER TABLE {logs}.access_logs DELETE WHERE " + condition + " SETTINGS mutations_sync = 2");
    }
}
