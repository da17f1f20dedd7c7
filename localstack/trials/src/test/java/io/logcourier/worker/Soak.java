package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.CourierException;
import io.logcourier.discovery.FaultyPlanner;
import io.logcourier.localstack.Faults;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.message.Message;
import io.logcourier.message.ReplayMessage;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.message.Tick;
import io.logcourier.operations.AuditReport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Writers, merges, planners and workers at once, all of them with random faults, and replays; then every row is counted.
 * Runs with {@code mvn verify -Psoak -pl localstack/trials -am}: rounds with a printed seed each, until
 * {@code -Dsoak.duration} is over.
 * {@code -Dsoak.seed} repeats from a seed, as far as threads allow.
 */
class Soak {
    private static final Duration WRITING = Duration.ofSeconds(30);
    private static final int BUCKETS = 12;

    @RegisterExtension
    static final Stack STACK = new Stack();

    private final AtomicLong faults = new AtomicLong();

    @Test
    void whateverFailsEveryRowIsInOneObject() throws Exception {
        Instant end = Instant.now().plus(Duration.parse(System.getProperty("soak.duration", "PT1H")));
        long seed = Long.getLong("soak.seed", System.nanoTime());
        long rows = 0;
        int rounds = 0;
        do {
            System.out.printf("round %d, seed %d%n", ++rounds, seed);
            rows += round(seed++);
            System.out.printf("%,d rows so far, %,d processes with a fault%n", rows, faults.get());
        } while (Instant.now().isBefore(end));
    }

    private long round(long seed) throws Exception {
        Random random = new Random(seed);
        Queue<LogRow> rows = new ConcurrentLinkedQueue<>();
        Installation courier = STACK.installation(Map.of(
                "discovery.epoch-limit",
                Integer.toString(50 + random.nextInt(3_000)),
                "discovery.object-limit",
                Integer.toString(50 + random.nextInt(3_000)),
                "worker.part-size",
                "5MiB",
                "worker.supersede-after",
                "1s"));
        AtomicInteger writing = new AtomicInteger(4);
        Instant end = Instant.now().plus(WRITING);
        try (FaultyPorts ports = new FaultyPorts(courier);
                SqsOrderQueue queue = new SqsOrderQueue(courier.settings());
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> work = new ArrayList<>();
            for (int writer = 0; writer < 4; writer++) {
                Random own = new Random(random.nextLong());
                String name = "w" + writer;
                work.add(threads.submit(() -> {
                    try {
                        write(courier, own, name, end, rows);
                    } finally {
                        writing.decrementAndGet();
                    }
                    return null;
                }));
            }
            for (int process = 0; process < 2; process++) {
                Random planners = new Random(random.nextLong());
                Random workers = new Random(random.nextLong());
                work.add(threads.submit(() -> {
                    while (writing.get() > 0) {
                        plan(courier, queue, planners);
                    }
                }));
                work.add(threads.submit(() -> {
                    while (writing.get() > 0) {
                        work(courier, ports, workers);
                    }
                }));
            }
            Random others = new Random(random.nextLong());
            work.add(threads.submit(() -> {
                while (writing.get() > 0) {
                    Thread.sleep(others.nextInt(1_000));
                    courier.execute("OPTIMIZE TABLE {logs}.access_logs FINAL");
                    courier.redrive();
                    courier.send(new ReplayMessage(
                                    Message.VERSION,
                                    courier.lane().name(),
                                    "bucket-" + others.nextInt(BUCKETS),
                                    Instant.EPOCH,
                                    Instant.now(),
                                    Optional.empty())
                            .body());
                }
                return null;
            }));
            await(work);
        }
        for (int time = 0; time < 2; time++) {
            courier.redrive();
            courier.flush();
            courier.drain();
            courier.tick(new Tick(Optional.empty(), false, true));
            courier.drain();
        }
        AuditReport report = courier.assertDelivered("seed " + seed, rows);
        assertThat(report.isWell()).as("seed " + seed).isTrue();
        assertThat(report.undelivered()).as("seed " + seed).isEmpty();
        courier.execute("DROP DATABASE {logs} SYNC");
        courier.execute("DROP DATABASE {ledger} SYNC");
        return rows.size();
    }

    private static void write(Installation courier, Random random, String name, Instant end, Queue<LogRow> rows)
            throws InterruptedException {
        for (int block = 0; Instant.now().isBefore(end); block++) {
            boolean spread = random.nextInt(4) == 0;
            List<LogRow> batch = new ArrayList<>();
            for (int count = 1 + random.nextInt(random.nextInt(5) == 0 ? 500 : 30); count > 0; count--) {
                LogRow row = LogRow.random(
                        random,
                        "bucket-" + random.nextInt(BUCKETS),
                        "%s-%d-%d".formatted(name, block, count),
                        courier.target());
                batch.add(spread ? row.with("insertedAt", Installation.hoursAgo(random.nextInt(5))) : row);
            }
            courier.insert(batch);
            rows.addAll(batch);
            Thread.sleep(random.nextInt(500));
        }
    }

    private void plan(Installation courier, SqsOrderQueue queue, Random random) {
        Faults fault = Faults.ofPlanner(random);
        try {
            FaultyPlanner.plan(courier, queue, fault, new Tick(Optional.empty(), true, random.nextInt(10) == 0));
        } catch (CourierException | Faults.Stopped e) {
            faults.incrementAndGet();
        }
        boolean _ = fault.arrive();
    }

    private void work(Installation courier, FaultyPorts ports, Random random) {
        Faults fault = Faults.ofWorker(random);
        WorkerHandler worker = ports.worker(fault, target -> false);
        for (int time = 0; time < 3; time++) {
            boolean _ = courier.serve(worker);
        }
        worker.close();
        boolean _ = fault.arrive();
        if (fault.struck()) {
            faults.incrementAndGet();
        }
    }

    private static void await(List<Future<?>> work) throws InterruptedException, ExecutionException {
        for (Future<?> one : work) {
            one.get();
        }
    }
}
