package io.logcourier.worker;

import com.amazonaws.services.lambda.runtime.events.SQSEvent.SQSMessage;
import io.logcourier.CourierException;
import io.logcourier.PoisonMessageException;
import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.Shortfall;
import io.logcourier.ledger.Shortfall.Finding;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.message.Message;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.ReplayMessage;
import io.logcourier.worker.Delivery.Failure;
import io.logcourier.worker.Delivery.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/** Serves messages: decides what becomes of each, and of each of its orders. Thread-safe. */
final class MessageService {
    private static final Logger log = LoggerFactory.getLogger(MessageService.class);

    /** No message starts with less time left: it could not be finished. */
    private static final Duration RESERVE = Duration.ofSeconds(30);

    private static final Duration LONGEST_DELAY = Duration.ofMinutes(15);

    private final Settings.Worker limits;
    private final Map<String, Served> lanes;
    private final ReturnPath returnPath;
    private final Executor executor;

    /** A lane whose messages are served. */
    record Served(String name, ClickHouse clickHouse, Ledger ledger, Delivery delivery) {}

    /** Serves messages of {@code lanes}, by name; {@code executor} runs what is sent to the dead-letter queue. */
    MessageService(Settings.Worker limits, Map<String, Served> lanes, ReturnPath returnPath, Executor executor) {
        this.limits = limits;
        this.lanes = lanes;
        this.returnPath = returnPath;
        this.executor = executor;
    }

    /**
     * Serves a message.
     *
     * @param deadline the end of the invocation
     * @return whether it is done with; if not, it comes back after a time that grows with each attempt
     */
    boolean serve(SQSMessage message, Deadline deadline) {
        Duration wait = attempt(message, deadline);
        if (wait.isZero()) {
            return true;
        }
        try {
            returnPath.delay(message.getReceiptHandle(), wait);
        } catch (CourierException e) {
            about(log.atWarn(), message)
                    .addKeyValue("reason", e.getMessage())
                    .log("its delay could not be set, it comes back after the visibility timeout");
        }
        return false;
    }

    /** Serves a message whatever happens, and says after what time it is to come back; zero when it is done with. */
    private Duration attempt(SQSMessage message, Deadline deadline) {
        try {
            if (deadline.left().compareTo(RESERVE) < 0) {
                throw new RetryableException("too little time is left to start message " + message.getMessageId());
            }
            return dispatch(message, deadline);
        } catch (CourierException | StrangerException e) {
            about(log.atWarn(), message).addKeyValue("reason", e.getMessage()).log("comes back");
        } catch (RuntimeException e) {
            about(log.atError(), message).setCause(e).log("comes back after a fault of ours");
        }
        return backoff(message);
    }

    /** Serves a message, and says after what time it is to come back; zero when it is done with. */
    private Duration dispatch(SQSMessage sqsMessage, Deadline deadline) {
        try {
            Message message = Message.parse(sqsMessage.getBody());
            Served lane = lanes.get(message.lane());
            if (lane == null) {
                throw new StrangerException("message " + message.body() + " is for another lane than '"
                        + String.join("', '", lanes.keySet()) + "'");
            }
            return switch (message) {
                case OrderMessage orders -> deliver(lane, orders, sqsMessage, deadline);
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
        if (target.isPresent() && !limits.allowsCopies(target.get())) {
            throw new PoisonMessageException("replays may not write to " + target.get()
                    + ": the setting worker.replay-targets allows " + limits.replayTargets());
        }
    }

    private Duration deliver(Served lane, OrderMessage message, SQSMessage sqsMessage, Deadline deadline) {
        check(message.target());
        lane.clickHouse().reach();
        Delivery delivery = lane.delivery();
        List<Ending> endings =
                deliver(lane, message, new Attempt(isLast(sqsMessage) || receives(sqsMessage) > 1, deadline)).stream()
                        .map(failure -> ending(delivery, failure, sqsMessage))
                        .toList();
        return Stream.of(
                        comeBack(delivery, only(ComesBack.class, endings).toList(), sqsMessage).stream(),
                        giveUp(delivery, message, only(InVain.class, endings).toList(), sqsMessage, deadline).stream(),
                        record(lane, only(Lacks.class, endings).toList(), sqsMessage, deadline).stream())
                .flatMap(Function.identity())
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    /** What becomes of an order that failed. */
    private sealed interface Ending {}

    /** It is tried again. */
    private record ComesBack(WorkOrder order, RuntimeException cause) implements Ending {}

    /** No retry helps, and {@code reason} says why. */
    private record InVain(Task task, String reason) implements Ending {}

    /** Rows of it are gone, which is to be recorded. */
    private record Lacks(Task task, Shortfall shortfall) implements Ending {}

    /** It was delivered before. */
    private record WasDelivered() implements Ending {}

    private static <E extends Ending> Stream<E> only(Class<E> kind, List<Ending> endings) {
        return endings.stream().filter(kind::isInstance).map(kind::cast);
    }

    private static List<Failure> deliver(Served lane, OrderMessage message, Attempt attempt) {
        try {
            return lane.delivery().deliver(message, attempt);
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
                case ChangedException changed -> new InVain(task, changed.getMessage());
                case TargetRefusedException refused when last -> new InVain(task, refused.getMessage());
                case UnrenderableException unrenderable when last -> new InVain(task, unrenderable.getMessage());
                case ShortfallException shortfall
                when last && !task.isFirst() -> new InVain(task, shortfall.getMessage());
                // Of a copy or a replay nothing is recorded: its object tells nothing of the order's own.
                case ShortfallException shortfall
                when task.isFirst() && (last || task.standing().shortSince().isPresent()) ->
                    settle(delivery, task, shortfall);
                default -> new ComesBack(task.order(), failure.cause());
            };
        } catch (CourierException e) {
            return new ComesBack(task.order(), e);
        }
    }

    private static Ending settle(Delivery delivery, Task task, ShortfallException shortfall) {
        try {
            return delivery.settle(task, shortfall.found())
                    .<Ending>map(lacks -> new Lacks(task, lacks))
                    .orElseGet(WasDelivered::new);
        } catch (TargetRefusedException e) {
            return new InVain(task, shortfall.getMessage() + "; whether it was delivered before: " + e.getMessage());
        }
    }

    /** Records what orders lack, and returns after what times they are to be looked at again, if they are. */
    private List<Duration> record(Served lane, List<Lacks> lacking, SQSMessage sqsMessage, Deadline deadline) {
        if (lacking.isEmpty()) {
            return List.of();
        }
        try {
            deadline.check("what orders lack");
            lane.ledger()
                    .recordShortfalls(lacking.stream().map(Lacks::shortfall).toList());
        } catch (CourierException e) {
            return comeBack(
                    lane.delivery(),
                    lacking.stream()
                            .map(one -> new ComesBack(one.task().order(), e))
                            .toList(),
                    sqsMessage);
        }
        return lacking.stream()
                .filter(one -> one.shortfall().finding() == Finding.LACKING)
                // SQS counts in whole seconds, and drops the rest.
                .map(one -> limits.supersedeAfter().plusSeconds(1))
                .toList();
    }

    /** Says so, in one line for all orders that one thing has failed; returns after what times they come back. */
    private List<Duration> comeBack(Delivery delivery, List<ComesBack> orders, SQSMessage message) {
        IdentityHashMap<RuntimeException, List<WorkOrder>> byCause = new IdentityHashMap<>();
        orders.forEach(one ->
                byCause.computeIfAbsent(one.cause(), cause -> new ArrayList<>()).add(one.order()));
        byCause.forEach((cause, failed) -> {
            LoggingEventBuilder line = delivery.about(log.atWarn(), failed.getFirst());
            if (failed.size() > 1) {
                line = line.addKeyValue("orders", failed.size());
            }
            line.addKeyValue("messageId", message.getMessageId())
                    .addKeyValue("reason", cause.getMessage())
                    .log("comes back");
        });
        return byCause.isEmpty() ? List.of() : List.of(backoff(message));
    }

    /**
     * Into the dead-letter queue first: the record of it must not stand alone. Redriven from there, it is reopened. Returns
     * after what times those come back that could not be given up.
     */
    private List<Duration> giveUp(
            Delivery delivery, OrderMessage message, List<InVain> inVain, SQSMessage sqsMessage, Deadline deadline) {
        if (inVain.isEmpty()) {
            return List.of();
        }
        try {
            deadline.check("what is given up");
        } catch (RetryableException e) {
            return comeBack(
                    delivery,
                    inVain.stream()
                            .map(one -> new ComesBack(one.task().order(), e))
                            .toList(),
                    sqsMessage);
        }
        Map<InVain, CompletableFuture<Void>> letters = new LinkedHashMap<>();
        for (InVain one : inVain) {
            String body = message.replay(one.task().order().number()).body();
            letters.put(one, CompletableFuture.runAsync(() -> returnPath.bury(body, one.reason()), executor));
        }
        List<ComesBack> failed = new ArrayList<>();
        Map<WorkOrder, String> buried = new LinkedHashMap<>();
        letters.forEach((one, letter) -> {
            try {
                letter.join();
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof CourierException failure)) {
                    throw e;
                }
                failed.add(new ComesBack(one.task().order(), failure));
                return;
            }
            if (one.task().isFirst()) {
                buried.put(one.task().order(), one.reason());
            } else {
                delivery.about(log.atWarn(), one.task().order())
                        .addKeyValue("object", one.task().target())
                        .addKeyValue("reason", one.reason())
                        .log("gave up a replay");
            }
        });
        try {
            delivery.giveUp(buried);
        } catch (CourierException e) {
            buried.keySet().forEach(order -> failed.add(new ComesBack(order, e)));
        }
        return comeBack(delivery, failed, sqsMessage);
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
}
