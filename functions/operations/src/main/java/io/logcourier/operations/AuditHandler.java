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
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Lambda function that checks the books on a schedule. Takes any event; logs what does not add up, and answers with
 * one JSON object. Several lanes are audited in turn; one that cannot be asked holds up no other. It fails when it
 * cannot look, or only at a replica that lags, not when it finds something: that is a metric, with an alarm on it.
 */
public final class AuditHandler implements RequestStreamHandler, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(AuditHandler.class);

    /** Differences shown: a ledger that was damaged may have one for each order. */
    private static final int SHOWN = 100;

    private final Map<Lane, ClickHouse> lanes = new LinkedHashMap<>();

    /** As deployed: configured by the environment. */
    public AuditHandler() {
        this(Logging.apply(Settings.fromEnvironment()));
    }

    /** Configured by {@code settings}. */
    public AuditHandler(Settings settings) {
        settings.lanes().forEach(lane -> lanes.put(lane, ClickHouse.connect(lane.endpoint())));
    }

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        List<Answer> answers = new ArrayList<>();
        LaneFailures failures = new LaneFailures();
        for (Map.Entry<Lane, ClickHouse> lane : lanes.entrySet()) {
            try {
                lane.getValue().reach();
                answers.add(audit(lane.getKey(), lane.getValue()));
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
        }
        output.write(ClickHouse.JSON.writeValueAsBytes(lanes.size() == 1 ? answers.getFirst() : new Answers(answers)));
        failures.raise();
    }

    private static Answer audit(Lane lane, ClickHouse clickHouse) {
        AuditReport report = new Audit(clickHouse, lane).report();
        Answer answer = new Answer(
                lane.name(),
                report.isWell(),
                report.balance(),
                report.differences().size(),
                report.refused().size(),
                report.differences().stream().limit(SHOWN).toList());
        answer.first().forEach(difference -> log.atWarn()
                .addKeyValue("lane", lane.name())
                .addKeyValue("difference", difference.what())
                .log("the books do not balance"));
        new Metrics(lane.name())
                .write(Map.of(
                        Metric.AUDIT_DIFFERENCES,
                        (long) answer.differences(),
                        Metric.ROWS_LOST,
                        report.balance().lost()));
        return answer;
    }

    /**
     * What was found.
     *
     * @param well whether the books balance, no order was given up, and no row was lost
     * @param differences how many things do not add up
     * @param refused how many orders were given up
     * @param first the first of the differences
     */
    private record Answer(
            String lane, boolean well, Balance balance, int differences, int refused, List<Difference> first) {}

    private record Answers(List<Answer> lanes) {}

    @Override
    public void close() {
        lanes.values().forEach(ClickHouse::close);
    }
}
