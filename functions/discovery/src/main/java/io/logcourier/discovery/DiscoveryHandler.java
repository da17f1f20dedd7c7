package io.logcourier.discovery;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.logcourier.PoisonMessageException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.logging.Logging;
import io.logcourier.logging.Metric;
import io.logcourier.logging.Metrics;
import io.logcourier.message.OrderQueue;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.message.Tick;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Map;

/**
 * The Lambda function behind the schedule: one tick in ({@link Tick}), one JSON object with what was done out. Fails
 * when the tick makes no sense or a dependency fails; the next tick goes on where this one stopped.
 */
public final class DiscoveryHandler implements RequestStreamHandler, AutoCloseable {
    /** No step starts with less time left: a step takes well under a second, ClickHouse may be slow. */
    private static final int RESERVE_MILLIS = 10_000;

    private final Lane lane;
    private final ClickHouse clickHouse;
    private final OrderQueue queue;
    private final Planner planner;
    private final Metrics metrics;

    /** As deployed: configured by the environment. */
    public DiscoveryHandler() {
        this(Logging.apply(Settings.fromEnvironment()));
    }

    /** Configured by {@code settings}. */
    public DiscoveryHandler(Settings settings) {
        lane = settings.lane();
        clickHouse = ClickHouse.connect(lane.endpoint());
        queue = new SqsOrderQueue(settings);
        planner = new Planner(settings, clickHouse, queue);
        metrics = new Metrics(lane.name());
    }

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        Tick tick = Tick.parse(input);
        tick.lane().filter(name -> !name.equals(lane.name())).ifPresent(name -> {
            throw new PoisonMessageException("the tick names lane '" + name + "': there is only '" + lane.name() + "'");
        });
        long began = System.nanoTime();
        Planner.Planned planned = planner.plan(tick, () -> context.getRemainingTimeInMillis() < RESERVE_MILLIS);
        if (metrics.areWritten()) {
            measure(planned, Duration.ofNanos(System.nanoTime() - began));
        }
        output.write(ClickHouse.JSON.writeValueAsBytes(new Answer(lane.name(), planned)));
    }

    private void measure(Planner.Planned planned, Duration took) {
        Ledger ledger = new Ledger(clickHouse, lane);
        Ledger.Backlog backlog = ledger.backlog(ledger.head());
        metrics.write(Map.of(
                Metric.TICKS, 1L,
                Metric.ROWS_CLAIMED, planned.rows(),
                Metric.ORDERS_ENQUEUED, (long) planned.orders() + planned.redelivered(),
                Metric.ROWS_PENDING, backlog.pending(),
                Metric.ROWS_OPEN, backlog.open(),
                Metric.OLDEST_ROW_AGE, backlog.oldestSeconds(),
                Metric.PLANNER_DURATION, took.toMillis()));
    }

    private record Answer(String lane, @JsonUnwrapped Planner.Planned planned) {}

    @Override
    public void close() {
        queue.close();
        clickHouse.close();
    }
}
