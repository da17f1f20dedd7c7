package io.logcourier.looker;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import io.logcourier.PoisonMessageException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.Form;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Setting;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Lane;
import io.logcourier.logging.Logging;
import io.logcourier.logging.Metric;
import io.logcourier.logging.Metrics;
import io.logcourier.looker.Plan.Reading;
import io.logcourier.looker.Plan.Time;
import io.logcourier.looker.Plan.Which;
import io.logcourier.looker.Plan.Writing;
import io.logcourier.looker.Run.Compressibility;
import io.logcourier.looker.Run.Shape;
import io.logcourier.s3.TargetClient;
import io.logcourier.tls.Distrust;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The Lambda function of the canary. No invocation waits for a delivery: each reads what earlier ones wrote long enough
 * ago, then writes a little itself, and leaves a record of it in the target bucket. Fails when an entry is not right, so
 * that the function's errors are the alarm; the report stays in the bucket.
 */
public final class LookerHandler implements RequestStreamHandler, AutoCloseable {
    private static final String PREFIX = "looker/";
    private static final String RUNS = PREFIX + "runs/";
    private static final String REPORTS = PREFIX + "reports/";
    private static final int READS = 4;
    private static final int RETRIES = 10;
    private static final int LINE_LENGTH = 600;
    private static final int FINDINGS = 100;
    private static final long STEP_NANOS = 1_000_000;
    private static final Duration LAG = Duration.ofMinutes(1);

    /** No run is verified with less time left. */
    private static final int RESERVE_MILLIS = 30_000;

    private static final DateTimeFormatter ID =
            DateTimeFormatter.ofPattern("'canary-'uuuuMMdd't'HHmmssSSS").withZone(ZoneOffset.UTC);

    private static final Logger log = LoggerFactory.getLogger(LookerHandler.class);

    private final Settings settings;
    private final S3Client s3;

    /** Those that were asked for so far. */
    private final Map<String, Watched> lanes = new ConcurrentHashMap<>();

    /** A lane that can be written to. */
    private record Watched(Lane lane, Form.Rules forms, AccessLogStore store, Metrics metrics) {}

    /**
     * What the schedule asks for.
     *
     * @param lane to write to and to verify the runs of; empty: the first, or only one
     * @param targetBucket that receives the log objects of the canary, records of runs, and reports
     * @param streams source buckets
     * @param entries of each
     * @param maxDelay from write to object, such as 20m
     * @param verifyAfter when a run is read, such as 40m
     */
    record Watch(
            Optional<String> lane, String targetBucket, int streams, int entries, String maxDelay, String verifyAfter) {
        /** No name, and an empty one, stand for none. */
        Watch {
            lane = lane == null ? Optional.empty() : lane.filter(name -> !name.isEmpty());
        }

        /** Where the records of its runs are: those of a lane that is named lie in a folder of its own. */
        String runs() {
            return RUNS + lane.map(name -> name + "/").orElse("");
        }
    }

    private record Answer(String written, List<String> verified, List<String> wrong) {}

    /** As deployed: configured by the environment. */
    public LookerHandler() {
        this(Logging.apply(Settings.fromEnvironment()));
    }

    /** Configured by {@code settings}. */
    public LookerHandler(Settings settings) {
        this.settings = settings;
        s3 = TargetClient.of(settings);
    }

    private Watched connect(String lane) {
        Settings one = settings.of(lane);
        return new Watched(one.lane(), one.forms().rules(), new AccessLogStore(one, READS), new Metrics(lane));
    }

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        Watch watch = parse(input);
        Watched watched = lanes.computeIfAbsent(
                watch.lane().orElseGet(() -> settings.lanes().getFirst().name()), this::connect);
        List<String> verified = new ArrayList<>();
        List<String> wrong = new ArrayList<>();
        StringBuilder texts = new StringBuilder();
        String written;
        try {
            for (String key : keys(watch)) {
                Optional<Report> record = get(watch.targetBucket(), key);
                if (record.isEmpty()) {
                    continue;
                }
                Report earlier = record.get();
                boolean due = earlier.ended()
                        .plus(Setting.duration(watch.verifyAfter()))
                        .isBefore(Instant.now());
                if (due && context.getRemainingTimeInMillis() > RESERVE_MILLIS) {
                    Report report = verify(watched.store(), watch, earlier);
                    verified.add(earlier.run().id());
                    watched.metrics().write(figures(report.reading()));
                    if (!report.reading().isRight()) {
                        wrong.add(earlier.run().id());
                        texts.append('\n').append(report.text());
                        put(watch.targetBucket(), REPORTS + earlier.run().id() + ".json", report);
                    }
                    s3.deleteObject(
                            request -> request.bucket(watch.targetBucket()).key(key));
                }
            }
            Report report = write(watched, watch);
            written = report.run().id();
            put(watch.targetBucket(), watch.runs() + written + ".json", report);
        } catch (SdkException e) {
            throw Distrust.failure("looker cannot use bucket " + watch.targetBucket(), e, Setting.S3_CA.name());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RetryableException("looker was interrupted", e);
        }
        output.write(ClickHouse.JSON.writeValueAsBytes(new Answer(written, verified, wrong)));
        if (!wrong.isEmpty()) {
            throw new IllegalStateException("looker found what is not right in " + String.join(", ", wrong)
                    + "; reports are in " + watch.targetBucket() + "/" + REPORTS + texts);
        }
    }

    private static Watch parse(InputStream input) {
        try {
            JsonNode payload = ClickHouse.JSON.readTree(input);
            if (payload instanceof ObjectNode fields && !fields.has("lane")) {
                fields.putNull("lane");
            }
            Watch watch = ClickHouse.JSON.treeToValue(payload, Watch.class);
            Setting.duration(watch.maxDelay());
            Setting.duration(watch.verifyAfter());
            return watch;
        } catch (JacksonException e) {
            throw new PoisonMessageException(
                    "looker's payload makes no sense, it needs target_bucket, streams, entries, max_delay, verify_after: "
                            + e.getOriginalMessage(),
                    e);
        } catch (IllegalArgumentException e) {
            throw new PoisonMessageException("looker's payload: " + e.getMessage(), e);
        }
    }

    private List<String> keys(Watch watch) {
        return s3
                .listObjectsV2Paginator(request -> request.bucket(watch.targetBucket())
                        .prefix(watch.runs())
                        .delimiter("/"))
                .contents()
                .stream()
                .map(S3Object::key)
                .toList();
    }

    /** The record of a run; one of a former version, whose lines were others, is nothing to verify and goes. */
    private Optional<Report> get(String bucket, String key) {
        JsonNode record = ClickHouse.JSON.readTree(
                s3.getObjectAsBytes(request -> request.bucket(bucket).key(key)).asByteArray());
        if (record.path("run").path("rendering").isMissingNode()) {
            log.atWarn()
                    .addKeyValue("bucket", bucket)
                    .addKeyValue("key", key)
                    .log("the run was written by a former version, whose log lines were others: it is not verified");
            s3.deleteObject(request -> request.bucket(bucket).key(key));
            return Optional.empty();
        }
        return Optional.of(ClickHouse.JSON.treeToValue(record, Report.class));
    }

    private void put(String bucket, String key, Report report) {
        s3.putObject(
                request -> request.bucket(bucket).key(key).contentType("application/json"),
                RequestBody.fromBytes(ClickHouse.JSON.writeValueAsBytes(report)));
    }

    private static Report verify(AccessLogStore store, Watch watch, Report earlier) throws InterruptedException {
        Report report =
                new Looker(earlier.run(), plan(watch, Which.ALL), store, Ticker.SYSTEM).verify(earlier.streams());
        if (report.reading().unread() > 0) {
            throw new RetryableException(
                    "looker could not read " + earlier.run().id() + ": " + report.failure());
        }
        return report;
    }

    /** What CloudWatch is told of a run. */
    static Map<Metric, Long> figures(Report.Read reading) {
        long right = reading.count(Verdict.RIGHT);
        long verdicts =
                reading.verdicts().values().stream().mapToLong(Long::longValue).sum();
        return Map.of(
                Metric.ENTRIES_RIGHT,
                right,
                Metric.ENTRY_FAULTS,
                verdicts - right,
                Metric.ENTRY_DELAY,
                reading.delayMillis().p99());
    }

    private static Report write(Watched watched, Watch watch) throws InterruptedException {
        Instant now = Instant.now();
        Run run = new Run(
                ID.format(now),
                now.toEpochMilli(),
                watch.entries(),
                LINE_LENGTH,
                Compressibility.MEDIUM,
                Shape.MIXED,
                List.of(watch.targetBucket()),
                PREFIX,
                Run.rendering(watched.forms(), List.of(watch.targetBucket())),
                watched.lane().moreColumns().size());
        Report report = new Looker(run, plan(watch, Which.NONE), watched.store(), Ticker.SYSTEM).run();
        if (report.isCutShort()) {
            throw new RetryableException("looker could not write: "
                    + String.join("; ", report.writing().reasons()));
        }
        return report;
    }

    private static Plan plan(Watch watch, Which which) {
        return new Plan(
                new Writing(watch.streams(), 1, Duration.ZERO, 0, 1, 1, 2, 0, RETRIES),
                new Time(STEP_NANOS, Duration.ZERO, LAG, Optional.empty()),
                new Reading(which, 0, Setting.duration(watch.maxDelay()), Duration.ofMillis(1), Duration.ofSeconds(1)),
                FINDINGS);
    }

    @Override
    public void close() {
        lanes.values().forEach(lane -> lane.store().close());
        s3.close();
    }
}
