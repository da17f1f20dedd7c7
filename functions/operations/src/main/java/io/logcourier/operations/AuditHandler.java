package io.logcourier.operations;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import io.logcourier.CourierException;
import io.logcourier.LaneFailures;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Lane;
import io.logcourier.logging.Logging;
import io.logcourier.logging.Metric;
import io.logcourier.logging.Metrics;
import io.logcourier.operations.Audit.Difference;
import io.logcourier.operations.Audit.Looked;
import io.logcourier.operations.Audit.Missing;
import io.logcourier.operations.Audit.Objects;
import io.logcourier.operations.Audit.Rendered;
import io.logcourier.operations.Audit.Unread;
import io.logcourier.operations.Scope.Neighbour;
import io.logcourier.s3.TargetClient;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * The Lambda function that audits on a schedule: the books, and the share of the objects that is due, if any are to be read.
 * Takes any event; logs what does not add up, and answers with one JSON object. Several lanes are audited in turn; one that
 * cannot be asked holds up no other. It fails when it cannot look, or only at a replica that lags, not when it finds
 * something: that is a metric, with an alarm on it.
 */
public final class AuditHandler implements RequestStreamHandler, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(AuditHandler.class);

    /** Findings of a kind that are shown: a ledger that was damaged may have one for each order. */
    private static final int SHOWN = 100;

    /** Left of the function's time when it stops looking at objects: requests under way end, and what was found is told. */
    private static final Duration TO_TELL = Duration.ofSeconds(60);

    private final Settings settings;
    private final Map<Lane, ClickHouse> lanes = new LinkedHashMap<>();
    private final Optional<S3Client> s3;

    /** As deployed: configured by the environment. */
    public AuditHandler() {
        this(Logging.apply(Settings.fromEnvironment()));
    }

    /** Configured by {@code settings}. */
    public AuditHandler(Settings settings) {
        this.settings = settings;
        settings.lanes().forEach(lane -> lanes.put(lane, ClickHouse.connect(lane.endpoint())));
        s3 = settings.audit().objectsWithin().map(within -> TargetClient.of(settings));
    }

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        List<Answer> answers = new ArrayList<>();
        LaneFailures failures = new LaneFailures();
        int left = lanes.size();
        for (Map.Entry<Lane, ClickHouse> lane : lanes.entrySet()) {
            try {
                lane.getValue().reach();
                // An equal part of the time for each of the lanes that are left.
                answers.add(audit(lane.getKey(), lane.getValue(), timeIsUp(context, left)));
            } catch (CourierException e) {
                if (lanes.size() == 1) {
                    throw e;
                }
                failures.add(lane.getKey().name(), e);
                log.atError()
                        .addKeyValue("lane", lane.getKey().name())
                        .addKeyValue("reason", e.getMessage())
                        .log("the lane is not audited");
            }
            left--;
        }
        output.write(ClickHouse.JSON.writeValueAsBytes(lanes.size() == 1 ? answers.getFirst() : new Answers(answers)));
        failures.raise();
    }

    private static BooleanSupplier timeIsUp(Context context, int lanes) {
        long until = context.getRemainingTimeInMillis() * (lanes - 1L) / lanes + TO_TELL.toMillis();
        return () -> context.getRemainingTimeInMillis() < until;
    }

    private Answer audit(Lane lane, ClickHouse clickHouse, BooleanSupplier timeIsUp) {
        Audit audit = new Audit(clickHouse, settings.of(lane.name()));
        List<Difference> books = audit.books();
        Optional<Objects> objects = Optional.empty();
        Optional<CourierException> failure = Optional.empty();
        try {
            objects = s3.map(client -> audit.objects(client, scope(lane, timeIsUp), bytes -> {}));
        } catch (CourierException e) {
            // The books are told all the same.
            failure = Optional.of(e);
        }
        AuditReport report = audit.report(books, objects, Rendered.NOTHING);
        tell(report);
        if (failure.isPresent()) {
            throw failure.get();
        }
        return new Answer(
                lane.name(),
                report.isWell(),
                report.verdict(),
                report.balance(),
                report.expiring(),
                report.objects(),
                report.differences().size(),
                report.refused().size(),
                report.differences().stream().limit(SHOWN).toList());
    }

    /** What is due now, beside the objects of the other lanes. */
    private Scope scope(Lane lane, BooleanSupplier timeIsUp) {
        Settings.Audit often = settings.audit();
        Share share =
                Share.of(Instant.now(), often.every(), often.objectsWithin().orElseThrow());
        return Scope.of(settings)
                .only(share, timeIsUp)
                .beside(lanes.entrySet().stream()
                        .filter(other -> !other.getKey().equals(lane))
                        .map(other -> new Neighbour(other.getKey(), other.getValue()))
                        .toList());
    }

    private static void tell(AuditReport report) {
        report.differences().stream().limit(SHOWN).map(Difference::what).forEach(what -> log.atWarn()
                .addKeyValue("lane", report.lane())
                .addKeyValue("difference", what)
                .log("the books do not balance"));
        for (Missing object : report.missing().stream().limit(SHOWN).toList()) {
            log.atWarn()
                    .addKeyValue("lane", report.lane())
                    .addKeyValue("order", object.epoch() + "/" + object.number())
                    .addKeyValue("bucket", object.bucket())
                    .addKeyValue("object", object.targetBucket() + "/" + object.key())
                    .log("an object is missing");
        }
        for (Unread thing : report.unread().stream().limit(SHOWN).toList()) {
            log.atWarn()
                    .addKeyValue("lane", report.lane())
                    .addKeyValue("what", thing.what())
                    .addKeyValue("reason", thing.reason())
                    .log("something could not be read");
        }
        Map<Metric, Long> values = new EnumMap<>(Map.of(
                Metric.AUDIT_DIFFERENCES,
                (long) report.differences().size(),
                Metric.ROWS_LOST,
                report.balance().lost(),
                Metric.ROWS_EXPIRING,
                report.expiring()));
        if (report.objectsRead()) {
            values.put(Metric.OBJECTS_READ, report.objects().read());
            values.put(Metric.OBJECTS_MISSING, report.objects().missing());
            values.put(Metric.OBJECTS_UNREAD, report.objects().unread());
        }
        new Metrics(report.lane()).write(values);
    }

    /**
     * What was found.
     *
     * @param well whether nothing of it is wrong
     * @param verdict the same as a sentence
     * @param expiring rows that no epoch has claimed and that go by TTL before they would be due
     * @param objects how many objects were looked at
     * @param differences how many things do not add up
     * @param refused how many orders were given up
     * @param first the first of the differences
     */
    private record Answer(
            String lane,
            boolean well,
            String verdict,
            Balance balance,
            long expiring,
            Looked objects,
            int differences,
            int refused,
            List<Difference> first) {}

    private record Answers(List<Answer> lanes) {}

    @Override
    public void close() {
        lanes.values().forEach(ClickHouse::close);
        s3.ifPresent(S3Client::close);
    }
}
