package io.logcourier.localstack.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.operations.Audit;
import io.logcourier.operations.AuditReport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * SIGKILL at random moments of all there is, ClickHouse, functions, S3 and queue, while rows are inserted. Five times, or
 * {@code -Dkill.times} times during {@code -Dkill.rows} rows: a hundred during two million with
 * {@code mvn verify -Psoak -pl localstack/trials -am}.
 */
class KillIT {
    private static final int TIMES = Integer.getInteger("kill.times", 5);
    private static final int ROWS = Integer.getInteger("kill.rows", 10_000);
    private static final int WRITERS = 2;
    private static final int BUCKETS = 5;
    private static final int LONGEST_MILLIS = 1_500;
    private static final int REQUEST_ID = 6;

    /** One kill in so many comes while the process starts. */
    private static final int EARLY = 3;

    @TempDir
    private Path folder;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final AtomicInteger sent = new AtomicInteger();
    private final Set<String> begun = ConcurrentHashMap.newKeySet();
    private final Set<String> acknowledged = ConcurrentHashMap.newKeySet();

    @Test
    void killedAtRandomMomentsUnderLoadEveryRowIsInOneObjectAsAnUndisturbedRunMakesIt() throws Exception {
        for (int kill = 1; kill <= TIMES; kill++) {
            try (CourierProcess up = up()) {
                if (kill < TIMES && random.nextInt(EARLY) == 0) {
                    Thread.sleep(random.nextInt(LONGEST_MILLIS));
                    up.kill();
                } else {
                    killUnderLoad(up, (int) ((long) ROWS * kill / TIMES));
                }
            }
        }
        try (CourierProcess up = up();
                Shipper shipper = shipper(up);
                S3Client s3 = Clients.s3(up.ready())) {
            Settings settings = Settings.read(Map.of(), Clients.settings(up.ready()));
            try (ClickHouse clickHouse = ClickHouse.connect(settings.lane().endpoint())) {
                assertDelivered(
                        shipper.query("SELECT req_id FROM logs.access_logs")
                                .lines()
                                .toList(),
                        new Audit(clickHouse, settings),
                        s3,
                        settings);
            }
        }
    }

    /** The books balance, every object is what its rows make now, and each stored row is a line of one of them. */
    private void assertDelivered(List<String> stored, Audit audit, S3Client s3, Settings settings) throws IOException {
        Set<String> ids = new HashSet<>(stored);
        assertThat(ids).as("seed %d: stored", seed).hasSameSizeAs(stored);
        // AssertJ's containsAll would look through all of a million for each.
        assertThat(without(acknowledged, ids))
                .as("seed %d: acknowledged, not stored", seed)
                .isEmpty();
        assertThat(without(ids, begun)).as("seed %d: stored, not sent", seed).isEmpty();
        await().atMost(CourierProcess.PATIENCE).until(() -> audit.balance().delivered() >= stored.size());
        AuditReport report = audit.reportAlone(s3, settings, true, bytes -> {});
        assertThat(report.differences()).as("seed %d", seed).isEmpty();
        assertThat(report.missing()).as("seed %d", seed).isEmpty();
        assertThat(report.undelivered()).as("seed %d", seed).isEmpty();
        assertThat(report.rendered())
                .as("seed %d", seed)
                .isEqualTo(new Audit.Rendered(report.balance().objects(), 0, 0));
        long lines = 0;
        for (Path file : LogFiles.files(objects())) {
            for (String line : Installation.lines(Files.readAllBytes(file))) {
                String id = line.split(" ", REQUEST_ID + 2)[REQUEST_ID];
                assertThat(line).as("seed %d: %s", seed, file).isEqualTo(row(id).line());
                assertThat(ids.remove(id)).as("seed %d: %s once", seed, id).isTrue();
                lines++;
            }
        }
        assertThat(ids).as("seed %d: in no object", seed).isEmpty();
        System.out.printf(
                "%d kills, %,d rows, %,d objects, seed %d%n",
                TIMES, lines, report.balance().objects(), seed);
    }

    private static Set<String> without(Set<String> some, Set<String> others) {
        Set<String> rest = new HashSet<>(some);
        rest.removeIf(others::contains);
        return rest;
    }

    /** Rows are posted until the process is gone: killed a random while after so many of them are stored. */
    private void killUnderLoad(CourierProcess up, int enough) throws Exception {
        try (Shipper shipper = shipper(up);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> writers = new ArrayList<>();
            for (int writer = 0; writer < WRITERS; writer++) {
                Random own = new Random(random.nextLong());
                writers.add(threads.submit(() -> write(shipper, own)));
            }
            try {
                await().atMost(CourierProcess.PATIENCE).until(() -> acknowledged.size() >= enough);
                Thread.sleep(random.nextInt(LONGEST_MILLIS));
            } finally {
                up.kill();
            }
            for (Future<?> writer : writers) {
                writer.get();
            }
        }
    }

    private Void write(Shipper shipper, Random own) throws InterruptedException {
        while (true) {
            List<String> ids = new ArrayList<>();
            for (int count = 1 + own.nextInt(ROWS / TIMES / WRITERS); count > 0; count--) {
                ids.add("row-" + sent.incrementAndGet());
            }
            begun.addAll(ids);
            ByteArrayOutputStream lines = new ByteArrayOutputStream();
            ids.forEach(id -> lines.writeBytes(row(id).json()));
            try {
                shipper.insert(lines.toString(UTF_8));
            } catch (IOException e) {
                // Killed: nobody knows whether these rows are stored.
                return null;
            }
            acknowledged.addAll(ids);
        }
    }

    private static LogRow row(String id) {
        return LogRow.of("bucket-" + Math.floorMod(id.hashCode(), BUCKETS), id, Shipper.TARGET);
    }

    private static Shipper shipper(CourierProcess up) {
        return new Shipper(up.ready());
    }

    private Path objects() {
        return folder.resolve("objects");
    }

    /** Everything. */
    private CourierProcess up() throws IOException {
        return CourierProcess.up("--every=0.3s", "--flush", "--bucket=" + Shipper.TARGET, "--data=" + folder);
    }
}
