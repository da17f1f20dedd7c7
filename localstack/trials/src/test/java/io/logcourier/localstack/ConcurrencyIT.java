package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.discovery.DiscoveryHandler;
import io.logcourier.localstack.sqs.EventSource;
import io.logcourier.message.Tick;
import io.logcourier.operations.AuditReport;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything at the same time. */
class ConcurrencyIT {
    private static final Tick FLUSH = new Tick(Optional.empty(), true, false);

    private static final int BLOCKS = 15;
    private static final int MOST_BLOCKS = 100;
    private static final int EPOCHS = 6;

    /** Its place in a line split at spaces. */
    private static final int REQUEST_ID = 6;

    @RegisterExtension
    static final Stack STACK = new Stack();

    @ParameterizedTest
    @ValueSource(longs = 31)
    void rowsInsertedWhileTicksAndWorkersRunAreInOneObjectEach(long seed) throws Exception {
        Map<String, String> limits = Map.of("discovery.epoch-limit", "2000", "discovery.object-limit", "1500");
        Queue<LogRow> rows = new ConcurrentLinkedQueue<>();
        Installation courier = STACK.installation(limits);
        try (EventSource source = courier.source();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            source.start();
            AtomicInteger writing = new AtomicInteger(4);
            List<Future<?>> work = new ArrayList<>();
            for (int writer = 0; writer < 4; writer++) {
                long own = seed * 10 + writer;
                work.add(threads.submit(() -> {
                    try {
                        write(courier, own, rows);
                    } finally {
                        writing.decrementAndGet();
                    }
                }));
            }
            work.add(threads.submit(() -> {
                while (writing.get() > 0) {
                    courier.execute("OPTIMIZE TABLE {logs}.access_logs FINAL");
                }
            }));
            work.add(threads.submit(() -> {
                while (writing.get() > 0) {
                    courier.flush();
                }
            }));
            await(work);
        }

        courier.deliver("seed " + seed, rows);
    }

    @Test
    void blocksOfOneToTwoHundredThousandRowsInsertedWhileTicksAndWorkersRun() throws Exception {
        List<Integer> sizes = List.of(1, 200_000, 7, 3_000, 1, 40_000);
        Installation courier = STACK.installation(Map.of("discovery.epoch-limit", "50000"));
        try (EventSource source = courier.source();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            source.start();
            AtomicInteger writing = new AtomicInteger(2);
            List<Future<?>> work = new ArrayList<>();
            for (int writer = 0; writer < 2; writer++) {
                int own = writer;
                work.add(threads.submit(() -> {
                    try {
                        for (int block = 0; block < sizes.size(); block++) {
                            courier.execute(
                                    ("INSERT INTO {logs}.access_logs_ingest (insertedAt, startTime, bucketName, req_id,"
                                                    + " loggingEnabled, loggingTargetBucket, loggingTargetPrefix)"
                                                    + " SELECT now() - 3600 * (number %% 3), now64(3), concat('bucket-', toString(number %% 5)),"
                                                    + " concat('%d-%d-', toString(number)), true, '%s', 'logs/' FROM numbers(%d)"
                                                    + " SETTINGS max_insert_block_size = 200000, max_block_size = 200000")
                                            .formatted(own, block, courier.target(), sizes.get(block)));
                        }
                    } finally {
                        writing.decrementAndGet();
                    }
                }));
            }
            work.add(threads.submit(() -> {
                while (writing.get() > 0) {
                    courier.flush();
                }
            }));
            await(work);
        }
        courier.flush();
        courier.drain();

        int inserted = 2 * sizes.stream().mapToInt(Integer::intValue).sum();
        Set<String> ids = new HashSet<>();
        long lines = 0;
        for (byte[] object : courier.objects(courier.target()).values()) {
            for (String line : Installation.lines(object)) {
                ids.add(line.split(" ", REQUEST_ID + 2)[REQUEST_ID]);
                lines++;
            }
        }
        assertThat(lines).isEqualTo(inserted);
        assertThat(ids).hasSize(inserted);
        AuditReport report = courier.audit();
        assertThat(report.isWell()).as(report.text()).isTrue();
        assertThat(report.balance().delivered()).isEqualTo(inserted);
    }

    /** Blocks of 1 to 400 rows, until some epochs were planned beside them; one INSERT in four spans hours. */
    private static void write(Installation courier, long seed, Queue<LogRow> rows) {
        Random random = new Random(seed);
        for (int block = 0; block < BLOCKS || (epochs(courier) < EPOCHS && block < MOST_BLOCKS); block++) {
            boolean spread = random.nextInt(4) == 0;
            List<LogRow> batch = new ArrayList<>();
            for (int count = 1 + random.nextInt(random.nextInt(4) == 0 ? 400 : 40); count > 0; count--) {
                LogRow row = LogRow.of(
                                "bucket-" + random.nextInt(5),
                                "%d-%d-%d".formatted(seed, block, count),
                                courier.target())
                        .with("startTime", "17672256%02d.%03d".formatted(random.nextInt(60), random.nextInt(1_000)));
                batch.add(spread ? row.with("insertedAt", Installation.hoursAgo(random.nextInt(6))) : row);
            }
            courier.insert(batch);
            rows.addAll(batch);
        }
    }

    private static long epochs(Installation courier) {
        return courier.number("SELECT max(epoch) FROM {ledger}.epochs");
    }

    @Test
    void plannersThatRunAtOnceAppendEachEpochOnceAndOrderEachRowOnce() throws Exception {
        int rounds = 20;
        int planners = 2;
        List<LogRow> rows = new ArrayList<>();
        List<DiscoveryHandler> functions = new ArrayList<>();
        Installation courier = STACK.installation();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                for (int planner = 0; planner < planners; planner++) {
                    functions.add(new DiscoveryHandler(courier.settings()));
                }
                for (int round = 0; round < rounds; round++) {
                    List<LogRow> batch = new ArrayList<>();
                    for (int i = 0; i < 10; i++) {
                        batch.add(LogRow.of("bucket-" + i % 3, round + "-" + i, courier.target()));
                    }
                    courier.insert(batch);
                    rows.addAll(batch);
                    await(functions.stream()
                            .<Future<?>>map(function -> threads.submit(() -> Installation.tick(function, FLUSH)))
                            .toList());
                }
            } finally {
                functions.forEach(DiscoveryHandler::close);
            }
            courier.deliver(planners + " planners, " + rounds + " rounds", rows);

            assertThat(courier.number("SELECT count() FROM {ledger}.epochs"))
                    .as("rows of the log")
                    .isEqualTo(courier.number("SELECT uniqExact(epoch) FROM {ledger}.epochs"))
                    .isEqualTo(courier.number("SELECT max(epoch) + 1 FROM {ledger}.epochs"));
            assertThat(courier.number("SELECT count() FROM {ledger}.orders"))
                    .isEqualTo(courier.number("SELECT uniqExact(epoch, number) FROM {ledger}.orders"));
        }
    }

    private static void await(List<Future<?>> work) throws InterruptedException, ExecutionException {
        for (Future<?> one : work) {
            one.get();
        }
    }
}
