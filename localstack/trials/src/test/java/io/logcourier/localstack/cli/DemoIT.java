package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
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

    /** A bar, drawn again and again in its place. */
    private static final String BAR =
            "(load|deliver|audit) +([0-9]+|\\?) ?% \\[[=> ]*\\] +[0-9]+/[0-9?]+ (rows|bytes) .*";

    /** All lines that a person may see, and no others: none is of the engine, a library or a warning. */
    private static final List<String> KNOWN = List.of(
            "starting ClickHouse, S3 and SQS on this machine, some seconds",
            BAR,
            "",
            "(loaded|stored|claimed|undeliverable|pending|ordered|delivered|given up|lost|open) +[0-9,]+ rows?( .*)?",
            "bucket +objects +rows +bytes",
            "bucket-0000[0-6]( +[0-9,]+){3}",
            "objects: /.*/objects",
            "time: start .*, load .*, discover .*, deliver .*, audit .*",
            "DELIVERED: every one of 3,000 rows is in exactly one of 7 objects\\.");

    @Test
    void onATerminalThereAreBarsAndTheReportAndEveryRowIsInOneObject() throws Exception {
        try (CourierProcess demo = CourierProcess.startOnTerminal(
                Map.of("TERM", "xterm"), "demo", "--rows=3000", "--buckets=7", "--data=" + folder)) {
            demo.endedWith(0);
            assertThat(shown(demo.out()))
                    .allSatisfy(line -> assertThat(KNOWN).as(line).anyMatch(line::matches))
                    .anyMatch(line -> line.startsWith("load "))
                    .endsWith("DELIVERED: every one of 3,000 rows is in exactly one of 7 objects.")
                    .contains("objects: " + folder.resolve("objects"));
            assertThat(demo.out()).contains("\033[32mDELIVERED: ");
        }
        assertThat(LogFiles.files(folder.resolve("objects"))).hasSize(7);
        assertThat(LogFiles.requestIds(folder.resolve("objects"))).hasSize(3000).doesNotHaveDuplicates();
    }

    /** What was on the terminal's lines, one after the other, without what moves the cursor or paints. */
    private static List<String> shown(String output) {
        return output.replaceAll("\033\\[[0-9;]*[A-Za-z]", "")
                .lines()
                .map(String::stripTrailing)
                .toList();
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
            assertThat(demo.err()).as("seed %d", seed).isEmpty();
            assertThat(demo.out())
                    .as("seed %d", seed)
                    .startsWith("found ")
                    .contains("\nloaded ", "\nobjects: " + objects, "\ntime: start ")
                    .doesNotContain("\r", "\u001b");
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
