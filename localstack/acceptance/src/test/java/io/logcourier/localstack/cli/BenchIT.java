package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Each case of the benchmark once, with few rows. Counts are held to, times are not. */
@TestInstance(Lifecycle.PER_CLASS)
class BenchIT {
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private JsonNode results;
    private String table;
    private String page;

    @BeforeAll
    void run(@TempDir Path folder) throws IOException, InterruptedException {
        try (CourierProcess bench = CourierProcess.start(
                "bench",
                "--together",
                "--scale=0.001",
                "--rate=300",
                "--duration=3s",
                "--every=1s",
                "--warm-up=1000",
                "--json",
                "--out=" + folder)) {
            // Seconds, but for a machine that has other things to do.
            bench.endsWithin(PATIENCE);
            bench.endedWith(0);
            results = new JsonMapper().readTree(bench.out()).path("results");
        }
        assertThat(folder.resolve("results.json")).isNotEmptyFile();
        table = Files.readString(folder.resolve("results.md"));
        page = Files.readString(folder.resolve("results.html"));
    }

    @Test
    void everyRowOfEachCaseIsDelivered() {
        assertThat(figure("few-large", "rows")).isEqualTo(2000);
        assertThat(figure("few-large", "objects")).isOne();
        assertThat(figure("many-small", "rows")).isEqualTo(1000);
        assertThat(figure("many-small", "objects")).isEqualTo(20);
        assertThat(figure("one-giant", "rows")).isEqualTo(5000);
        assertThat(figure("backlog", "rows")).isEqualTo(10_000);
        assertThat(figure("steady", "rows")).isEqualTo(900);
        assertThat(results.valueStream().filter(result -> !result.path("faults").isEmpty()))
                .isEmpty();
    }

    @Test
    void aLineIsAsLongAsInTheMeasurementsOfOthers() {
        assertThat(figure("one-giant", "bytes_per_row")).isBetween(420, 440);
    }

    @Test
    void requestsAreCounted() {
        assertThat(figure("many-small", "s3_requests")).isEqualTo(20);
        assertThat(figure("many-small", "sqs_requests")).isPositive();
        assertThat(figure("many-small", "clickhouse_statements")).isPositive();
    }

    @Test
    void aTickReadsTheNewRows() {
        assertThat(figure("retention 20,000", "new_rows")).isEqualTo(200);
        assertThat(figure("retention 20,000", "rows_read")).isGreaterThanOrEqualTo(200);
    }

    @Test
    void functionsStartFromTheirZips() {
        assertThat(results.valueStream().map(result -> result.path("name").stringValue()))
                .contains("cold-start runtime alone", "cold-start discovery", "cold-start worker");
    }

    @Test
    void tableAndPageNameEveryCase() {
        for (JsonNode result : results) {
            assertThat(table).contains(result.path("name").stringValue());
            assertThat(page).contains(result.path("name").stringValue());
        }
    }

    private int figure(String name, String figure) {
        return results.valueStream()
                .filter(result -> result.path("name").stringValue().equals(name))
                .findFirst()
                .orElseThrow()
                .path("figures")
                .path(figure)
                .asInt();
    }
}
