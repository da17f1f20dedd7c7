package io.logcourier.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class MetricsTest {
    private static final JsonMapper JSON = new JsonMapper();

    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    @Test
    void aLineIsWhatTheEmbeddedMetricFormatWants() {
        metrics(Optional.of("worker")).write(Map.of(Metric.BYTES_DELIVERED, 4_000_000_000L));

        String text = written.toString(StandardCharsets.UTF_8);
        assertThat(text).endsWith("}\n").containsOnlyOnce("\n");
        JsonNode line = JSON.readTree(text);
        JsonNode metadata = line.path("_aws");
        assertThat(Instant.ofEpochMilli(metadata.path("Timestamp").longValue()))
                .isBetween(Instant.now().minus(Duration.ofHours(1)), Instant.now());
        assertThat(metadata.path("CloudWatchMetrics")).isEqualTo(JSON.readTree("""
                        [{"Namespace": "log-courier", "Dimensions": [["FunctionName"], ["FunctionName", "lane"]],
                          "Metrics": [{"Name": "BytesDelivered", "Unit": "Bytes"}]}]
                        """));
        assertThat(line.path("FunctionName").stringValue()).isEqualTo("worker");
        assertThat(line.path("lane").stringValue()).isEqualTo("cats");
        assertThat(line.path("BytesDelivered").longValue()).isEqualTo(4_000_000_000L);
    }

    @Test
    void outsideOfLambdaNothingIsWritten() {
        Metrics metrics = metrics(Optional.empty());
        metrics.write(Map.of(Metric.TICKS, 1L));

        assertThat(metrics.areWritten()).isFalse();
        assertThat(written.size()).isZero();
        assertThat(new Metrics("cats").areWritten()).isFalse();
    }

    private Metrics metrics(Optional<String> function) {
        return new Metrics(Optional.of("cats"), function, new PrintStream(written, false, StandardCharsets.UTF_8));
    }
}
