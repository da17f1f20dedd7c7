package io.logcourier.worker;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent.SQSMessage;
import io.logcourier.CourierException;
import io.logcourier.PoisonMessageException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.logging.Logging;
import io.logcourier.logging.Metric;
import io.logcourier.logging.Metrics;
import io.logcourier.message.Message;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.ReplayMessage;
import io.logcourier.worker.Delivery.Failure;
import io.logcourier.worker.Delivery.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * The Lambda function behind the order queue. Needs {@code ReportBatchItemFailures}: messages of a batch run at once and
 * fail alone.
 */
public final class WorkerHandler implements RequestHandler<SQSEvent, SQSBatchResponse>, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WorkerHandler.class);

    /** No message starts with less time left: it could not be finished. */
    private static final int RESERVE_MILLIS = 30_000;

    private static final Duration LONGEST_DELAY = Duration.ofMinutes(15);

    private final Settings.Worker limits;
    private final boolean isDeployed;
    private final Map<String, Served> lanes = new LinkedHashMap<>();
    private final ObjectStore store;
    private final ReturnPath returnPath;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final Metrics metrics = new Metrics();

    /** A lane whose messages are served. */
    private record Served(String name, ClickHouse clickHouse, Ledger ledger, Delivery delivery) {}

    /** As deployed: configured by the environment, and with a timeout that the context tells. */
    public WorkerHandler() {
        this(Logging.apply(Settings.fromEnvironment()), true);
    }

    /** Configured by {@code settings}, for a caller who has {@linkplain Settings.Worker#checkTimeout checked} them. */
    public WorkerHandler(Settings settings) {
        this(settings, false);
    }

    private WorkerHandler(Settings settings, boolean isDeployed) {
        this(
                settings,
                isDeployed,
                lane -> ClickHouse.connect(lane.endpoint()),
                new S3ObjectStore(settings),
                new SqsReturnPath(settings));
    }

    /**
     * On collaborators that it closes.
     *
     * @param connect to the ClickHouse of a lane
     * @param isDeployed whether the time that the context leaves is all that an invocation has
     */
    WorkerHandler(
            Settings settings,
            boolean isDeployed,
            Function<Lane, ClickHouse> connect,
            ObjectStore store,
            ReturnPath returnPath) {
        limits = settings.worker();
        this.isDeployed = isDeployed;
        this.store = store;
        this.returnPath = returnPath;
        Semaphore uploads = Delivery.uploads(limits);
        settings.lanes().forEach(lane -> {
            ClickHouse clickHouse = connect.apply(lane);
            Ledger ledger = new Ledger(clickHouse, lane);
            Delivery delivery = new Delivery(
                    lane.name(),
                    ledger,
                    new AccessLogTable(clickHouse, lane),
                    store,
                    limits,
                    uploads,
                    executor,
                    new Metrics(lane.name()));
            lanes.put(lane.name(), new Served(lane.name(), clickHouse, ledger, delivery));
        });
    }

    /**
     * Serves a batch of messages.
     *
     * @throws io.logcourier.ConfigurationException before anything is done, if the function's timeout is longer than
     *     {@code worker.supersede-after}
     */
    @Override
    public SQSBatchResponse handleRequest(SQSEvent event, Context context) {
        long began = System.nanoTime();
        if (isDeployed) {
            limits.checkTimeout(Duration.ofMillis(context.getRemainingTimeInMillis()));
        }
        List<CompletableFuture<List<BatchItemFailure>>> underway = event.getRecords().stream()
                .map(message -> CompletableFuture.supplyAsync(() -> failures(message, context), executor))
                .toList();
        List<BatchItemFailure> failures =
                underway.stream().flatMap(item -> item.join().stream()).toList();
        metrics.write(Map.of(
                Metric.MESSAGES_FAILED,
                (long) failures.size(),
                Metric.WORKER_DURATION,
                Duration.ofNanos(System.nanoTime() - began).toMillis()));
        return new SQSBatchResponse(failures);
    }

    /** Serves one message: nothing when it is done with, its id when it must come back. */
    private List<BatchItemFailure> failures(SQSMessage message, Context context) {
        Duration wait = backoff(message);
        try {
            if (context.getRemainingTimeInMillis() < RESERVE_MILLIS) {
                throw new RetryableException("too little time is left to start message " + message.getMessageId());
            }
            wait = serve(message);
            if (wait.isZero()) {
                return List.of();
            }
        } catch (CourierException | StrangerException e) {
            about(log.atWarn(), message).addKeyValue("reason", e.getMessage()).log("comes back");
        } catch (RuntimeException e) {
            about(log.atError(), message).setCause(e).log("comes back after a fault of ours");
        }
        try {
            returnPath.delay(message.getReceiptHandle(), wait);
        } catch (CourierException e) {
            about(log.atWarn(), message)
                    .addKeyValue("reason", e.getMessage())
                    .log("its delay could not be set, it comes back after the visibility timeout");
        }
        return List.of(new BatchItemFailure(message.getMessageId()));
    }

    /** Serves a message, and says after what time it is to come back; zero when it is done with. */
    private Duration serve(SQSMessage sqsMessage) {
        try {
            Message message = Message.parse(sqsMessage.getBody());
            Served lane = lanes.get(message.lane());
            if (lane == null) {
                throw new StrangerException("message " + message.body() + " is for another lane than '"
                        + String.join("', '", lanes.keySet()) + "'");
            }
            return switch (message) {
                case OrderMessage orders -> deliver(lane, orders, sqsMessage);
                case ReplayMessage replay -> replay(lane, replay);
            };
        } catch (PoisonMessageException e) {
            return bury(sqsMessage, e.getMessage());
        } catch (StrangerException e) {
            if (isLast(sqsMessage)) {
                return bury(sqsMessage, e.getMessage());
            }
            throw e;
        }
    }

    private Duration bury(SQSMessage message, String reason) {
        returnPath.bury(message.getBody(), reason);
        about(log.atWarn(), message).addKeyValue("reason", reason).log("buried");
        return Duration.ZERO;
    }

    /** Enqueues the orders that a replay asks for. */
    private Duration replay(Served lane, ReplayMessage replay) {
        check(replay.target());
        lane.clickHouse().reach();
        List<WorkOrder> orders = lane.ledger().replayable(replay.bucket(), replay.from(), replay.to());
        List<OrderMessage> messages = OrderMessage.replay(lane.name(), orders, replay.target());
        returnPath.send(messages);
        log.atInfo()
                .addKeyValue("lane", lane.name())
                .addKeyValue("bucket", replay.bucket())
                .addKeyValue("from", replay.from())
                .addKeyValue("to", replay.to())
                .addKeyValue("orders", orders.size())
                .addKeyValue("messages", messages.size())
                .log("replay enqueued");
        return Duration.ZERO;
    }

    /** Anyone may enqueue a replay: where copies go is for the settings to say. */
    private void check(Optional<String> target) {
        if (target.isPresent()
                && limits.replayTargets().stream()
                        .noneMatch(allowed -> folder(target.get()).startsWith(folder(allowed)))) {
            throw new PoisonMessageException("replays may not write to " + target.get()
                    + ": the setting worker.replay-targets allows " + limits.replayTargets());
        }
    }

    private static String folder(String target) {
        return target.indexOf('/') < 0 ? target + "/" : target;
    }

    private Duration deliver(Served lane, OrderMessage message, SQSMessage sqsMessage) {
        check(message.target());
        lane.clickHouse().reach();
        Delivery delivery = lane.delivery();
        List<Ending> endings = deliver(lane, message).stream()
                .map(failure -> ending(delivery, failure, sqsMessage))
                .toList();
        List<Ending> inVain =
                endings.stream().filter(ending -> ending.givenUp().isPresent()).toList();
        return Stream.concat(
                        endings.stream().map(Ending::delay), giveUp(delivery, message, inVain, sqsMessage).stream())
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    /**
     * What becomes of an order that failed.
     *
     * @param delay after what time it is to be tried again; zero for never
     * @param givenUp why no retry helps, if none does
     */
    private record Ending(Task task, Duration delay, Optional<String> givenUp) {
        static Ending after(Task task, Duration delay) {
            return new Ending(task, delay, Optional.empty());
        }

        static Ending inVain(Task task, String reason) {
            return new Ending(task, Duration.ZERO, Optional.of(reason));
        }
    }

    private static List<Failure> deliver(Served lane, OrderMessage message) {
        try {
            return lane.delivery().deliver(message);
        } catch (StrangerException e) {
            if (lane.ledger().lagging() > 0) {
                throw new RetryableException("the ledger's replica lags: " + e.getMessage(), e);
            }
            throw e;
        }
    }

    private Ending ending(Delivery delivery, Failure failure, SQSMessage sqsMessage) {
        Task task = failure.task();
        boolean last = isLast(sqsMessage);
        try {
            return switch (failure.cause()) {
                case ChangedException changed -> Ending.inVain(task, changed.getMessage());
                case TargetRefusedException refused when last -> Ending.inVain(task, refused.getMessage());
                case ShortfallException shortfall
                when last && !task.isFirst() -> Ending.inVain(task, shortfall.getMessage());
                // Of a copy or a replay nothing is recorded: its object tells nothing of the order's own.
                case ShortfallException shortfall
                when task.isFirst() && (last || task.standing().shortSince().isPresent()) ->
                    settle(delivery, task, shortfall);
                default -> Ending.after(task, comesBack(delivery, task.order(), failure.cause(), sqsMessage));
            };
        } catch (CourierException e) {
            return Ending.after(task, comesBack(delivery, task.order(), e, sqsMessage));
        }
    }

    private Ending settle(Delivery delivery, Task task, ShortfallException shortfall) {
        try {
            // SQS counts in whole seconds, and drops the rest.
            return Ending.after(
                    task,
                    delivery.settle(task, shortfall.found())
                            ? Duration.ZERO
                            : limits.supersedeAfter().plusSeconds(1));
        } catch (TargetRefusedException e) {
            return Ending.inVain(task, shortfall.getMessage() + "; whether it was delivered before: " + e.getMessage());
        }
    }

    private Duration comesBack(Delivery delivery, WorkOrder order, RuntimeException cause, SQSMessage message) {
        delivery.about(log.atWarn(), order)
                .addKeyValue("messageId", message.getMessageId())
                .addKeyValue("reason", cause.getMessage())
                .log("comes back");
        return backoff(message);
    }

    /**
     * Into the dead-letter queue first: the record of it must not stand alone. Redriven from there, it is reopened. Returns
     * after what times those come back that could not be given up.
     */
    private List<Duration> giveUp(Delivery delivery, OrderMessage message, List<Ending> inVain, SQSMessage sqsMessage) {
        Map<Ending, CompletableFuture<Void>> letters = new LinkedHashMap<>();
        for (Ending one : inVain) {
            String body = message.replay(one.task().order().number()).body();
            String reason = one.givenUp().orElseThrow();
            letters.put(one, CompletableFuture.runAsync(() -> returnPath.bury(body, reason), executor));
        }
        List<Duration> waits = new ArrayList<>();
        Map<WorkOrder, String> buried = new LinkedHashMap<>();
        letters.forEach((one, letter) -> {
            try {
                letter.join();
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof CourierException failure)) {
                    throw e;
                }
                waits.add(comesBack(delivery, one.task().order(), failure, sqsMessage));
                return;
            }
            if (one.task().isFirst()) {
                buried.put(one.task().order(), one.givenUp().orElseThrow());
            } else {
                delivery.about(log.atWarn(), one.task().order())
                        .addKeyValue("object", one.task().target())
                        .addKeyValue("reason", one.givenUp().orElseThrow())
                        .log("gave up a replay");
            }
        });
        try {
            delivery.giveUp(buried);
        } catch (CourierException e) {
            buried.keySet().forEach(order -> waits.add(comesBack(delivery, order, e, sqsMessage)));
        }
        return waits;
    }

    private boolean isLast(SQSMessage message) {
        return receives(message) >= limits.attempts();
    }

    /** The time after which a failed message comes back: longer with each time it fails. */
    private Duration backoff(SQSMessage message) {
        long factor = 1L << Math.min(receives(message) - 1, Integer.SIZE / 2);
        Duration delay = limits.retryDelay().multipliedBy(factor);
        return delay.compareTo(LONGEST_DELAY) < 0 ? delay : LONGEST_DELAY;
    }

    private LoggingEventBuilder about(LoggingEventBuilder line, SQSMessage message) {
        return line.addKeyValue("lane", lane(message)).addKeyValue("messageId", message.getMessageId());
    }

    /** The lane that a message names, as far as that can be read. */
    private String lane(SQSMessage message) {
        try {
            return Message.parse(message.getBody()).lane();
        } catch (PoisonMessageException e) {
            return String.join(", ", lanes.keySet());
        }
    }

    /** How often the message was received, this time included. */
    private static int receives(SQSMessage message) {
        String count =
                message.getAttributes() == null ? null : message.getAttributes().get("ApproximateReceiveCount");
        return count == null ? 1 : Math.max(1, Integer.parseInt(count));
    }

    @Override
    public void close() {
        executor.close();
        returnPath.close();
        store.close();
        lanes.values().forEach(lane -> lane.clickHouse().close());
    }
}
