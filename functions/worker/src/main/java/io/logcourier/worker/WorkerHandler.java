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
import io.logcourier.message.OrderMessage;
import io.logcourier.worker.Delivery.Failure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
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
    private final Lane lane;
    private final ClickHouse clickHouse;
    private final ObjectStore store;
    private final ReturnPath returnPath;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final Delivery delivery;

    /** As deployed: configured by the environment. */
    public WorkerHandler() {
        this(Logging.apply(Settings.fromEnvironment()));
    }

    /** Configured by {@code settings}. */
    public WorkerHandler(Settings settings) {
        this(
                settings,
                ClickHouse.connect(settings.lane().endpoint()),
                new S3ObjectStore(settings),
                new SqsReturnPath(settings));
    }

    /** On collaborators that it closes. */
    WorkerHandler(Settings settings, ClickHouse clickHouse, ObjectStore store, ReturnPath returnPath) {
        limits = settings.worker();
        lane = settings.lane();
        this.clickHouse = clickHouse;
        this.store = store;
        this.returnPath = returnPath;
        delivery = new Delivery(
                lane.name(),
                new Ledger(clickHouse, lane),
                new AccessLogTable(clickHouse, lane),
                store,
                limits,
                executor);
    }

    @Override
    public SQSBatchResponse handleRequest(SQSEvent event, Context context) {
        List<CompletableFuture<List<BatchItemFailure>>> underway = event.getRecords().stream()
                .map(message -> CompletableFuture.supplyAsync(() -> failures(message, context), executor))
                .toList();
        return new SQSBatchResponse(
                underway.stream().flatMap(item -> item.join().stream()).toList());
    }

    /** Serves one message: nothing when it is done with, its id when it must come back. */
    private List<BatchItemFailure> failures(SQSMessage message, Context context) {
        try {
            if (context.getRemainingTimeInMillis() < RESERVE_MILLIS) {
                throw new RetryableException("too little time is left to start message " + message.getMessageId());
            }
            serve(message);
            return List.of();
        } catch (CourierException e) {
            about(log.atWarn(), message).addKeyValue("reason", e.getMessage()).log("comes back");
        } catch (RuntimeException e) {
            about(log.atError(), message).setCause(e).log("comes back after a fault of ours");
        }
        hasten(message);
        return List.of(new BatchItemFailure(message.getMessageId()));
    }

    private void serve(SQSMessage message) {
        OrderMessage orders;
        try {
            orders = OrderMessage.parse(message.getBody());
        } catch (PoisonMessageException e) {
            returnPath.bury(message.getBody(), e.getMessage());
            about(log.atWarn(), message).addKeyValue("reason", e.getMessage()).log("buried");
            return;
        }
        if (!orders.lane().equals(lane.name())) {
            throw new RetryableException(
                    "message " + orders.body() + " is for another lane than '" + lane.name() + "'");
        }
        List<RuntimeException> remaining = new ArrayList<>();
        for (Failure failure : delivery.deliver(orders)) {
            if (failure.cause() instanceof TargetRefusedException && receives(message) >= limits.attempts()) {
                try {
                    giveUp(failure);
                } catch (CourierException e) {
                    remaining.add(e);
                }
            } else {
                remaining.add(failure.cause());
            }
        }
        if (!remaining.isEmpty()) {
            RetryableException failed = new RetryableException(
                    remaining.size() + " orders failed, the first so: "
                            + remaining.getFirst().getMessage(),
                    remaining.getFirst());
            remaining.stream().skip(1).forEach(failed::addSuppressed);
            throw failed;
        }
    }

    /** Into the dead-letter queue first: the record of it must not stand alone. Redriven from there, it is reopened. */
    private void giveUp(Failure failure) {
        WorkOrder order = failure.order();
        String reason = failure.cause().getMessage();
        returnPath.bury(
                new OrderMessage(
                        OrderMessage.VERSION, lane.name(), order.epoch(), order.number(), order.number(), true),
                reason);
        delivery.giveUp(order, reason);
    }

    /** Brings a failed message back soon, later with each time it fails. */
    private void hasten(SQSMessage message) {
        long factor = 1L << Math.min(receives(message) - 1, Integer.SIZE / 2);
        Duration delay = limits.retryDelay().multipliedBy(factor);
        try {
            returnPath.delay(message.getReceiptHandle(), delay.compareTo(LONGEST_DELAY) < 0 ? delay : LONGEST_DELAY);
        } catch (CourierException e) {
            about(log.atWarn(), message)
                    .addKeyValue("reason", e.getMessage())
                    .log("its delay could not be set, it comes back after the visibility timeout");
        }
    }

    private LoggingEventBuilder about(LoggingEventBuilder line, SQSMessage message) {
        return line.addKeyValue("lane", lane.name()).addKeyValue("messageId", message.getMessageId());
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
        clickHouse.close();
    }
}
