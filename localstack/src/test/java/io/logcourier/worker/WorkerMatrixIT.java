package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.localstack.Faults;
import io.logcourier.localstack.Faults.Call;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.message.Message;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.ReplayMessage;
import io.logcourier.operations.AuditReport;
import java.time.Duration;
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

    private static final Set<String> READING = Set.of("standing.sql", "claims.sql", "render-text-1.sql");

    @RegisterExtension
    static final Stack STACK = new Stack();

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final List<LogRow> delivered = new ArrayList<>();
    private Installation courier;
    private S3ObjectStore store;
    private SqsReturnPath returnPath;
    private String refused = "nothing";
    private long lost;
    private int round;
    private int rows;

    @BeforeEach
    void install() {
        courier = STACK.installation(
                Map.of("worker.part-size", "5MiB", "worker.uploads", "1", "worker.supersede-after", "0.001s"));
        store = new S3ObjectStore(courier.settings());
        returnPath = new SqsReturnPath(courier.settings());
    }

    @AfterEach
    void closePorts() {
        store.close();
        returnPath.close();
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
        assertThat(courier.s3()
                        .listMultipartUploads(request -> request.bucket(courier.target()))
                        .uploads())
                .as("unfinished uploads")
                .isEmpty();
    }

    @Test
    void aWorkerThatFindsRowsGone() {
        run(
                with("put", "insert offsets", "delay", "find", "lagging.sql", "insert shortfalls"),
                call -> true,
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
                call -> true,
                rounds -> {
                    order(rounds, 1);
                    for (int next = round + 1; next <= round + rounds; next++) {
                        courier.send(message(next).body());
                    }
                    courier.drain();
                    courier.execute("ALTER TABLE {ledger}.offsets DELETE WHERE epoch = "
                            + message(round + 1).epoch() + " SETTINGS mutations_sync = 2");
                    delete("true");
                },
                this::sendOrders);
    }

    @Test
    void aWorkerThatGivesUp() {
        run(with("put", "insert offsets", "delay", "bury"), call -> true, rounds -> order(rounds, 2), () -> {
            refused = round + "/first/";
            sendOrders();
        });
    }

    @Test
    void aWorkerThatReplays() {
        run(
                with("put", "replayable.sql", "send"),
                call -> true,
                rounds -> {
                    order(rounds, 1);
                    for (int next = round + 1; next <= round + rounds; next++) {
                        courier.send(message(next).body());
                    }
                    courier.drain();
                },
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

    private static Set<String> with(String... more) {
        Set<String> all = new HashSet<>(READING);
        all.addAll(List.of(more));
        return all;
    }

    /**
     * Looks which calls there are, then runs the work once per call and fault.
     *
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
        List<Faults> faults = none.calls().stream()
                .filter(wanted)
                .flatMap(call -> call.faults().stream())
                .toList();
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
        assertThat(courier.number("SELECT count() FROM {ledger}.orders WHERE startsWith(target_prefix, '" + round
                        + "/') AND (epoch, number) NOT IN"
                        + " (SELECT epoch, number FROM {ledger}.offsets WHERE outcome = 'delivered'"
                        + " UNION ALL SELECT epoch, number FROM {ledger}.shortfalls WHERE finding = 'confirmed')"))
                .as("%s, round %d, seed %d: orders that nobody works on", faults, round, seed)
                .isZero();
    }

    /** Serves the queue until it is empty or the process is stopped; messages are served as often as SQS allows. */
    private void serve(Faults faults) {
        WorkerHandler worker = new WorkerHandler(
                courier.settings(), faults.on(courier.clickHouse()), new FaultyStore(faults), new FaultyPath(faults));
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

    private LogRow row(int of, String bucket, int number) {
        return LogRow.random(random, of + "-" + bucket, "%d-%s-%d".formatted(of, bucket, number), courier.target())
                .with("loggingTargetPrefix", of + "/" + bucket + "/");
    }

    private void delete(String condition) {
        courier.execute("ALTER TABLE {logs}.access_logs DELETE WHERE " + condition + " SETTINGS mutations_sync = 2");
    }

    private final class FaultyStore implements ObjectStore {
        private final Faults faults;

        FaultyStore(Faults faults) {
            this.faults = faults;
        }

        @Override
        public void put(Target target, Part body) {
            faults.run("put", () -> {
                if (target.key().startsWith(refused)) {
                    throw new TargetRefusedException("refused on purpose", null);
                }
                store.put(target, body);
            });
        }

        @Override
        public Optional<Stored> find(Target target) {
            return faults.ask("find", () -> store.find(target));
        }

        @Override
        public Upload begin(Target target) {
            Upload upload = faults.call("begin", () -> store.begin(target));
            return new Upload() {
                @Override
                public void part(int number, Part body) {
                    faults.run("part", () -> upload.part(number, body));
                }

                @Override
                public void complete() {
                    faults.run("complete", upload::complete);
                }

                @Override
                public void abort() {
                    faults.run("abort", upload::abort);
                }
            };
        }

        @Override
        public void close() {}
    }

    private final class FaultyPath implements ReturnPath {
        private final Faults faults;

        FaultyPath(Faults faults) {
            this.faults = faults;
        }

        @Override
        public void send(List<? extends Message> messages) {
            faults.run("send", () -> returnPath.send(messages));
        }

        @Override
        public void delay(String receiptHandle, Duration delay) {
            faults.run("delay", () -> returnPath.delay(receiptHandle, delay));
        }

        @Override
        public void bury(String body, String reason) {
            faults.run("bury", () -> returnPath.bury(body, reason));
        }

        @Override
        public void close() {}
    }
}
