package io.logcourier.discovery;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.logcourier.CourierException;
import io.logcourier.LaneFailures;
import io.logcourier.PoisonMessageException;
import io.logcourier.RetryableException;
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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Lambda function behind the schedule: one tick in ({@link Tick}), one JSON object with what was done out. Fails
 * when the tick makes no sense or a dependency fails; the next tick goes on where this one stopped.
 *
 * <p>Several lanes are planned side by side. One that fails or hangs holds up no other: what was done on the others is
 * written, then the run fails with the reasons. A planner that hangs is left alone, and later ticks pass its lane over
 * until it has come to its end.
 */
public final class DiscoveryHandler implements RequestStreamHandler, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DiscoveryHandler.class);

    /** No step starts with less time left: a step takes well under a second, ClickHouse may be slow. */
    private static final int RESERVE_MILLIS = 10_000;

    /** How long other lanes wait for one that begins no step. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final OrderQueue queue;
    private final Duration patience;
    private final Map<String, LanePlanner> lanes = new LinkedHashMap<>();

    /** As deployed: configured by the environment. */
    public DiscoveryHandler() {
        this(Logging.apply(Settings.fromEnvironment()));
    }

    /** Configured by {@code settings}. */
    public DiscoveryHandler(Settings settings) {
        this(settings, PATIENCE);
    }

    DiscoveryHandler(Settings settings, Duration patience) {
        this.patience = patience;
        queue = new SqsOrderQueue(settings);
        settings.each().forEach(one -> lanes.put(one.lane().name(), new LanePlanner(one, queue)));
    }

    @Override
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        Tick tick = Tick.parse(input);
        BooleanSupplier timeIsUp = () -> context.getRemainingTimeInMillis() < RESERVE_MILLIS;
        List<LanePlanner> asked = asked(tick);
        if (asked.size() == 1) {
            output.write(ClickHouse.JSON.writeValueAsBytes(asked.getFirst().plan(tick, timeIsUp)));
            return;
        }
        asked.forEach(lane -> lane.start(tick, timeIsUp));
        LaneFailures failures = new LaneFailures();
        List<Object> answers = new ArrayList<>();
        for (LanePlanner lane : asked) {
            try {
                answers.add(lane.await(patience));
            } catch (CourierException e) {
                failures.add(lane.lane.name(), e);
                answers.add(new Failed(lane.lane.name(), e.getMessage()));
                log.atError()
                        .addKeyValue("lane", lane.lane.name())
                        .addKeyValue("reason", e.getMessage())
                        .log("the lane is not planned");
            }
        }
        output.write(ClickHouse.JSON.writeValueAsBytes(new Answers(answers)));
        failures.raise();
    }

    private List<LanePlanner> asked(Tick tick) {
        if (tick.lane().isEmpty()) {
            return List.copyOf(lanes.values());
        }
        LanePlanner only = lanes.get(tick.lane().get());
        if (only == null) {
            throw new PoisonMessageException("the tick names lane '"
                    + tick.lane().get() + "': there is only " + String.join(", ", lanes.keySet()));
        }
        return List.of(only);
    }

    private record Answer(String lane, @JsonUnwrapped Planner.Planned planned) {}

    private record Failed(String lane, String failure) {}

    private record Answers(List<Object> lanes) {}

    /** Plans one lane, one tick at a time. */
    private static final class LanePlanner implements AutoCloseable {
        private final Lane lane;
        private final ClickHouse clickHouse;
        private final Planner planner;
        private final Metrics metrics;
        private CompletableFuture<Answer> underway = CompletableFuture.completedFuture(null);
        private volatile long stepped;

        LanePlanner(Settings settings, OrderQueue queue) {
            lane = settings.lane();
            clickHouse = ClickHouse.connect(lane.endpoint());
            planner = new Planner(settings, clickHouse, queue);
            metrics = new Metrics(lane.name());
        }

        /** Begins a tick, unless an earlier one is still under way. */
        void start(Tick tick, BooleanSupplier timeIsUp) {
            if (underway.isDone()) {
                stepped = System.nanoTime();
                underway = CompletableFuture.supplyAsync(() -> plan(tick, timeIsUp), Thread::startVirtualThread);
            }
        }

        /** Waits for it as long as it begins steps. */
        Answer await(Duration patience) {
            while (true) {
                long left = stepped + patience.toNanos() - System.nanoTime();
                try {
                    return underway.get(Math.max(0, left), TimeUnit.NANOSECONDS);
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof CourierException known) {
                        throw known;
                    }
                    log.atError()
                            .addKeyValue("lane", lane.name())
                            .setCause(e.getCause())
                            .log("a fault of ours");
                    throw new RetryableException("a fault of ours: " + e.getCause(), e.getCause());
                } catch (TimeoutException e) {
                    if (left <= 0) {
                        metrics.write(Map.of(Metric.TICKS_FAILED, 1L));
                        throw new RetryableException(
                                "its planner has waited for " + lane.endpoint() + " longer than " + patience.toSeconds()
                                        + " s; later ticks pass it over until it ends",
                                e);
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new RetryableException("the tick was interrupted", e);
                }
            }
        }

        Answer plan(Tick tick, BooleanSupplier timeIsUp) {
            long began = System.nanoTime();
            try {
                clickHouse.reach();
                Planner.Planned planned = planner.plan(tick, () -> {
                    stepped = System.nanoTime();
                    return timeIsUp.getAsBoolean();
                });
                if (metrics.areWritten()) {
                    measure(planned, Duration.ofNanos(System.nanoTime() - began));
                }
                return new Answer(lane.name(), planned);
            } catch (RuntimeException e) {
                metrics.write(Map.of(Metric.TICKS_FAILED, 1L));
                throw e;
            }
        }

        private void measure(Planner.Planned planned, Duration took) {
            Ledger ledger = new Ledger(clickHouse, lane);
            Ledger.Backlog backlog = ledger.backlog(ledger.head());
            metrics.write(Map.of(
                    Metric.TICKS, 1L,
                    Metric.TICKS_FAILED, 0L,
                    Metric.ROWS_CLAIMED, planned.rows(),
                    Metric.ORDERS_ENQUEUED, (long) planned.orders() + planned.redelivered(),
                    Metric.ROWS_PENDING, backlog.pending(),
                    Metric.ROWS_OPEN, backlog.open(),
                    Metric.ROWS_LEFT_ALONE, planned.rowsLeftAlone(),
                    Metric.OLDEST_ROW_AGE, backlog.oldestSeconds(),
                    Metric.PLANNER_DURATION, took.toMillis()));
        }

        @Override
        public void close() {
            clickHouse.close();
        }
    }

    @Override
    public void close() {
        queue.close();
        lanes.values().forEach(LanePlanner::close);
    }
}
