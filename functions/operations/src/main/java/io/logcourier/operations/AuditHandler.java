package io.logcourier.operations;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
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
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Lambda function that checks the books on a schedule. Takes any event; logs what does not add up, and answers with
 * one JSON object. It fails when it cannot look, not when it finds something: that is a metric, with an alarm on it.
 */
public final class AuditHandler implements RequestStreamHandler, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(AuditHandler.class);

    /** Differences shown: a ledger that was damaged may have one for each order. */
    private static final int SHOWN = 100;

    private final Lane lane;
    private final ClickHouse clickHouse;
    private final Metrics metrics;

    /** As deployed: configured by the environment. */
    public AuditHandler() {
        this(Logging.apply(Settings.fromEnvironment()));
    }

    /** Configured by {@code settings}. */
    public AuditHandler(Settings settings) {
        lane = settings.lane();
        clickHouse = ClickHouse.connect(lane.endpoint());
        metrics = new Metrics(lane.name());
    }

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
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
        metrics.write(Map.of(
                Metric.AUDIT_DIFFERENCES,
                (long) answer.differences(),
                Metric.ROWS_LOST,
                report.balance().lost()));
        output.write(ClickHouse.JSON.writeValueAsBytes(answer));
    }

    /**
     * What was found.
     *
     * @param isWell whether the books balance, no order was given up, and no row was lost
     * @param differences how many things do not add up
     * @param refused how many orders were given up
     * @param first the first of the differences
     */
    private record Answer(
            String lane, boolean isWell, Balance balance, int differences, int refused, List<Difference> first) {}

    @Override
    public void close() {
        clickHouse.close();
    }
}
