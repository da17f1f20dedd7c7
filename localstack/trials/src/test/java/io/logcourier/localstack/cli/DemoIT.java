package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoIT {
    private static final Pattern STORED = Pattern.compile("(?m)^stored +([0-9,]+) rows");
    private static final Pattern DELIVERED =
            Pattern.compile("DELIVERED: every one of ([0-9,]+) rows is in exactly one of ([0-9,]+) objects\\.");

    @TempDir
    private Path folder;

    @Test
    void everyRowIsInOneObjectAndStdoutIsTheReport() throws Exception {
        try (CourierProcess demo =
                CourierProcess.run("demo", "--rows", "3000", "--buckets", "7", "--data", folder.toString())) {
            demo.endedWith(0);
            assertThat(demo.err()).isEmpty();
            assertThat(demo.out())
                    .startsWith("loaded ")
                    .contains("bucket-00006", "objects: " + folder.resolve("objects"), "time: start ")
                    .doesNotContain("\r", "\u001b");
            assertThat(demo.out().lines().toList().getLast())
                    .isEqualTo("DELIVERED: every one of 3,000 rows is in exactly one of 7 objects.");
        }
        assertThat(LogFiles.files(folder.resolve("objects"))).hasSize(7);
        assertThat(LogFiles.requestIds(folder.resolve("objects"))).hasSize(3000).doesNotHaveDuplicates();
    }

    @Test
    void killedAnywhereAndStartedAgainEveryRowIsInOneObject() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Path objects = folder.resolve("objects");
        // While it starts or loads, at the first new object, among them, and near the end.
        kill(1, () -> folder.resolve("clickhouse").toFile().isDirectory(), Duration.ofMillis(random.nextInt(2500)));
        for (int more : List.of(1, 30, 80)) {
            int before = LogFiles.files(objects).size();
            kill(
                    1 + more,
                    () -> LogFiles.files(objects).size() >= before + more,
                    Duration.ofMillis(random.nextInt(100)));
        }
        try (CourierProcess demo =
                CourierProcess.run("demo", "--rows", "1", "--seed", "1000", "--data", folder.toString())) {
            assertThat(demo.end())
                    .as("seed %d: %s%n%s", seed, demo.out(), demo.err())
                    .isZero();
            Matcher verdict = DELIVERED.matcher(demo.out());
            assertThat(verdict.find()).as("seed %d: %s", seed, demo.out()).isTrue();
            long stored = number(STORED, demo.out());
            assertThat(stored).isGreaterThan(3 * 10_000);
            assertThat(LogFiles.files(objects)).as("seed %d", seed).hasSize(Integer.parseInt(plain(verdict.group(2))));
            // Request ids repeat from seed to seed, whole lines do not.
            List<String> lines = LogFiles.lines(objects);
            assertThat(lines).as("seed %d", seed).hasSize((int) stored);
            assertThat(new HashSet<>(lines)).as("seed %d", seed).hasSize(lines.size());
        }
    }

    /** Runs a demo and kills it so long after something happened, unless it has ended by then. */
    private void kill(int rowSeed, Callable<Boolean> moment, Duration later) throws Exception {
        try (CourierProcess demo = CourierProcess.start(
                "demo",
                "--rows",
                "10000",
                "--buckets",
                "100",
                "--seed",
                Integer.toString(rowSeed),
                "--data",
                folder.toString())) {
            Awaitility.await()
                    .atMost(CourierProcess.PATIENCE)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> moment.call() || !demo.isAlive());
            Thread.sleep(later);
            demo.kill();
        }
    }

    private static long number(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        assertThat(matcher.find()).as(text).isTrue();
        return Long.parseLong(plain(matcher.group(1)));
    }

    private static String plain(String number) {
        return number.replace(",", "");
    }
}
