package io.logcourier.logging;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * Writes numbers to stdout for CloudWatch, which makes metrics of them: one JSON line in its embedded metric format
 * (Amazon CloudWatch User Guide, "Specification: Embedded metric format"). They are written whatever {@code log.level}
 * says, in Lambda only: elsewhere nothing reads them. Thread-safe.
 *
 * <p>Not a library: AWS's own two bring a second Jackson, for this one line.
 */
public final class Metrics {
    /** The namespace in CloudWatch. */
    public static final String NAMESPACE = "log-courier";

    /** The dimension that tells installations apart. */
    public static final String DIMENSION = "FunctionName";

    /** With the other one, the dimension that tells the lanes of an installation apart. */
    public static final String LANE = "lane";

    private static final int USUAL_BYTES = 512;

    private final Optional<String> function;
    private final Optional<String> lane;
    private final PrintStream out;
    private final JsonFactory json = new JsonFactory();

    /** Of what this process does on {@code lane}. */
    public Metrics(String lane) {
        this(Optional.of(lane));
    }

    /** Of what this process does on all lanes. */
    public Metrics() {
        this(Optional.empty());
    }

    private Metrics(Optional<String> lane) {
        this(lane, Optional.ofNullable(System.getenv("AWS_LAMBDA_FUNCTION_NAME")), System.out);
    }

    Metrics(Optional<String> lane, Optional<String> function, PrintStream out) {
        this.lane = lane;
        this.function = function;
        this.out = out;
    }

    /** Whether anything is written at all: if not, nothing need be counted. */
    public boolean areWritten() {
        return function.isPresent();
    }

    /** Writes {@code values} as of now, in the units of their metrics. */
    public void write(Map<Metric, Long> values) {
        if (function.isEmpty()) {
            return;
        }
        ByteArrayOutputStream line = new ByteArrayOutputStream(USUAL_BYTES);
        try (JsonGenerator fields = json.createGenerator(ObjectWriteContext.empty(), line)) {
            fields.writeStartObject();
            fields.writeObjectPropertyStart("_aws");
            fields.writeNumberProperty("Timestamp", Instant.now().toEpochMilli());
            fields.writeArrayPropertyStart("CloudWatchMetrics");
            fields.writeStartObject();
            fields.writeStringProperty("Namespace", NAMESPACE);
            fields.writeArrayPropertyStart("Dimensions");
            fields.writeStartArray();
            fields.writeString(DIMENSION);
            fields.writeEndArray();
            if (lane.isPresent()) {
                fields.writeStartArray();
                fields.writeString(DIMENSION);
                fields.writeString(LANE);
                fields.writeEndArray();
            }
            fields.writeEndArray();
            fields.writeArrayPropertyStart("Metrics");
            values.keySet().forEach(metric -> {
                fields.writeStartObject();
                fields.writeStringProperty("Name", metric.title());
                fields.writeStringProperty("Unit", metric.unit());
                fields.writeEndObject();
            });
            fields.writeEndArray();
            fields.writeEndObject();
            fields.writeEndArray();
            fields.writeEndObject();
            fields.writeStringProperty(DIMENSION, function.get());
            lane.ifPresent(name -> fields.writeStringProperty(LANE, name));
            values.forEach((metric, value) -> fields.writeNumberProperty(metric.title(), value));
            fields.writeEndObject();
        }
        line.write('\n');
        // In one piece: Lambda takes each write for a line, and other threads write too.
        byte[] bytes = line.toByteArray();
        out.write(bytes, 0, bytes.length);
        out.flush();
    }
}
