package io.logcourier.localstack.lambda;

import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.fasterxml.jackson.annotation.JsonIgnore;
import io.logcourier.message.Tick;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** Invokes the discovery function, as its schedule does. */
public final class Ticks {
    /** As long as Lambda lets a function run. */
    public static final Duration TIMEOUT = Duration.ofMinutes(15);

    private static final JsonMapper JSON = new JsonMapper();

    private Ticks() {}

    /** What a function with one lane answers. */
    public record Answer(
            String lane,
            int epochs,
            long rows,
            int orders,
            int messages,
            int redelivered,
            long rowsLeftAlone,
            List<String> leftAlone) {
        /** Whether it did nothing. */
        @JsonIgnore
        public boolean isIdle() {
            return epochs == 0 && orders == 0 && messages == 0 && redelivered == 0;
        }
    }

    /** Has a function with one lane plan it. */
    public static Answer tick(RequestStreamHandler discovery, Tick tick) {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        try {
            tick(discovery, tick.payload(), TIMEOUT, answer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return JSON.readValue(answer.toByteArray(), Answer.class);
    }

    /**
     * Invokes it with any payload.
     *
     * @param timeout the time the function is told it has
     * @param answer takes what the function says, where one of several lanes failed too
     */
    public static void tick(RequestStreamHandler discovery, String payload, Duration timeout, OutputStream answer)
            throws IOException {
        discovery.handleRequest(
                new ByteArrayInputStream(payload.getBytes(StandardCharsets.UTF_8)),
                answer,
                new LocalContext("discovery", timeout));
    }
}
