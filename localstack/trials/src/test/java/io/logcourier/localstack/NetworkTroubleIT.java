package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.RetryableException;
import io.logcourier.localstack.Relay.Trouble;
import io.logcourier.operations.AuditReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The real clients, on a network and against servers that misbehave. */
class NetworkTroubleIT {
    private static final String PADDING = "p".repeat(200_000);
    private static final int LONGER_THAN_ANY_PATIENCE = 1_000;

    /** The requests of an object's delivery. */
    private enum Request {
        PUT,
        BEGIN,
        PART,
        SECOND_PART,
        COMPLETE;

        private boolean fits(String line) {
            return switch (this) {
                case PUT -> line.startsWith("PUT ") && line.contains("small");
                case BEGIN -> line.startsWith("POST ") && line.contains("?uploads");
                case PART -> line.startsWith("PUT ") && line.contains("partNumber=");
                case SECOND_PART -> line.startsWith("PUT ") && line.contains("partNumber=2");
                case COMPLETE -> line.startsWith("POST ") && line.contains("uploadId=");
            };
        }
    }

    @RegisterExtension
    static final Stack STACK = new Stack();

    private Relay relay;

    @AfterEach
    void closeRelay() {
        relay.close();
    }

    /** As many of them as of the matrices; which ones a run tries, its report says. */
    static Stream<Arguments> troubleWithS3() {
        Trouble internal = new Trouble.Answer(500, "InternalError");
        Trouble slowDown = new Trouble.Answer(503, "SlowDown");
        Trouble denied = new Trouble.Answer(403, "AccessDenied");
        Trouble skewed = new Trouble.Answer(403, "RequestTimeTooSkewed");
        Trouble gone = new Trouble.Answer(404, "NoSuchBucket");
        Trouble cut = new Trouble.CutRequest();
        Trouble unheard = new Trouble.LoseAnswer();
        int ever = LONGER_THAN_ANY_PATIENCE;
        List<Arguments> all = List.of(
                Arguments.of("500 once", internal, 1, Request.PUT),
                Arguments.of("500 until it is mended", internal, ever, Request.PUT),
                Arguments.of("SlowDown until it is mended", slowDown, ever, Request.PUT),
                Arguments.of("denied until it is mended", denied, ever, Request.PUT),
                Arguments.of("a clock that is wrong", skewed, ever, Request.PUT),
                Arguments.of("a bucket that is gone and made again", gone, ever, Request.PUT),
                Arguments.of("cut within five parts", cut, 5, Request.PART),
                Arguments.of("cut within a part", cut, 1, Request.PART),
                Arguments.of("500 between parts until it is mended", internal, ever, Request.SECOND_PART),
                Arguments.of("a PUT whose success nobody hears", unheard, ever, Request.PUT),
                Arguments.of("a part whose success nobody hears", unheard, 1, Request.SECOND_PART),
                Arguments.of("an upload of which nobody hears that it was begun", unheard, 2, Request.BEGIN),
                Arguments.of("a completion that nobody hears", unheard, 1, Request.COMPLETE));
        return Faults.share(all, Faults.seed()).stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void troubleWithS3(String name, Trouble trouble, int times, Request where) {
        Installation plain = STACK.installation();
        relay = new Relay(plain.settings().aws().s3Endpoint().orElseThrow());
        Installation courier =
                STACK.installation(Map.of("s3.endpoint", relay.uri().toString(), "worker.part-size", "5MiB"));
        List<LogRow> rows = new ArrayList<>(rows(courier, "small", 3));
        boolean inParts = where != Request.PUT;
        if (inParts) {
            rows.addAll(rows(courier, "large", 27).stream()
                    .map(row -> row.with("userAgent", PADDING))
                    .toList());
        }
        courier.insert(rows);
        courier.flush();
        relay.make(trouble, times, where::fits);

        courier.drain();
        assertThat(relay.made()).as(name).isPositive();
        relay.mend();
        courier.redrive();
        courier.drain();

        AuditReport report = courier.assertDelivered(name, rows);
        assertThat(report.isWell()).as(name).isTrue();
        assertThat(courier.s3()
                        .listMultipartUploads(request -> request.bucket(courier.target()))
                        .uploads())
                .as("%s: unfinished uploads", name)
                .isEmpty();
    }

    static Stream<Arguments> troubleWithClickHouse() {
        int ever = LONGER_THAN_ANY_PATIENCE;
        return Stream.of(
                Arguments.of("slower than the timeout", new Trouble.Stall(2_500), 2),
                Arguments.of("500 until it is mended", new Trouble.Answer(500, "trouble"), ever),
                Arguments.of("answers that break off after a status of 200", new Trouble.CutAnswer(), ever),
                Arguments.of("inserts whose success nobody hears", new Trouble.LoseAnswer(), 3));
    }

    /** Orders are made beforehand: the trouble is the worker's. */
    @ParameterizedTest(name = "{0}")
    @MethodSource
    void troubleWithClickHouse(String name, Trouble trouble, int times) {
        Installation plain = STACK.installation();
        relay = new Relay(plain.lane().endpoint().url());
        Installation courier =
                STACK.installation(Map.of("clickhouse.url", relay.uri().toString(), "clickhouse.timeout", "2s"));
        List<LogRow> rows = new ArrayList<>(rows(courier, "small", 3));
        rows.addAll(rows(courier, "large", 5).stream()
                .map(row -> row.with("userAgent", PADDING))
                .toList());
        courier.insert(rows);
        courier.flush();
        relay.make(trouble, times, line -> true);

        courier.drain();
        assertThat(relay.made()).as(name).isPositive();
        relay.mend();
        courier.redrive();
        courier.drain();

        assertThat(courier.assertDelivered(name, rows).isWell()).isTrue();
    }

    @Test
    void aPlannerWhoseAnswersAreLostAndLateIsFinishedByTheNext() {
        Installation plain = STACK.installation();
        relay = new Relay(plain.lane().endpoint().url());
        Installation courier =
                STACK.installation(Map.of("clickhouse.url", relay.uri().toString(), "clickhouse.timeout", "2s"));
        List<LogRow> rows = new ArrayList<>();
        int failed = 0;
        for (Trouble trouble : List.of(new Trouble.LoseAnswer(), new Trouble.Stall(2_500))) {
            for (int call = 0; call < 12; call += 3) {
                List<LogRow> batch = rows(courier, trouble.getClass().getSimpleName() + call, 3);
                courier.insert(batch);
                rows.addAll(batch);
                int[] calls = {call};
                relay.make(trouble, 4, line -> calls[0]-- <= 0);
                try {
                    courier.flush();
                } catch (RetryableException e) {
                    failed++;
                }
                relay.mend();
            }
        }

        courier.deliver("late and lost answers", rows);
        assertThat(failed).isPositive();
    }

    private static List<LogRow> rows(Installation courier, String bucket, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> LogRow.of(bucket, bucket + "-" + i, courier.target()))
                .toList();
    }
}
