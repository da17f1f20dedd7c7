package io.logcourier.worker;

import static java.util.concurrent.CompletableFuture.failedFuture;
import static java.util.stream.Collectors.groupingBy;

import io.logcourier.CourierException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.Ledger.Standing;
import io.logcourier.ledger.Offset;
import io.logcourier.ledger.Offset.Outcome;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.message.OrderMessage;
import io.logcourier.worker.ObjectStore.Target;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Delivers the orders of a message: one query, an object per order, one commit. Thread-safe.
 *
 * <p>May die anywhere: an object is completed only when its rows and checksum are those of the order, key and bytes
 * follow from the order, and offsets are committed after the objects. So a retry writes the same objects again.
 */
final class Delivery {
    private static final Logger log = LoggerFactory.getLogger(Delivery.class);

    private final String lane;
    private final Ledger ledger;
    private final AccessLogTable table;
    private final ObjectStore store;
    private final int partSize;
    private final Executor executor;
    private final Semaphore uploads;

    /** {@code executor} runs uploads, as many at once as the settings allow. */
    Delivery(
            String lane,
            Ledger ledger,
            AccessLogTable table,
            ObjectStore store,
            Settings.Worker limits,
            Executor executor) {
        this.lane = lane;
        this.ledger = ledger;
        this.table = table;
        this.store = store;
        this.partSize = limits.partSize();
        this.executor = executor;
        this.uploads = new Semaphore(limits.uploads());
    }

    /**
     * Delivers every order of {@code message} that has no outcome yet, and commits those that succeeded.
     *
     * @return the orders that failed; none when all are done
     * @throws CourierException if no order could be tried
     */
    List<Failure> deliver(OrderMessage message) {
        List<Standing> standings = ledger.standing(message.epoch(), message.first(), message.last());
        if (standings.size() <= message.last() - message.first()) {
            throw new RetryableException("lane " + lane + " knows " + standings.size() + " of the orders "
                    + message.epoch() + "/" + message.first() + " to " + message.last()
                    + ": a replica may lag, or the message is not ours");
        }
        record Epochs(long from, long to) {}
        Map<Epochs, List<WorkOrder>> open = standings.stream()
                .filter(standing -> isOpen(standing, message.reopen()))
                .map(Standing::order)
                .collect(groupingBy(order -> new Epochs(order.fromEpoch(), order.toEpoch())));
        List<Failure> failures = new ArrayList<>();
        open.values().forEach(orders -> failures.addAll(deliver(orders)));
        return failures;
    }

    /**
     * An order that failed.
     *
     * @param cause {@link TargetRefusedException} where no retry will help until the target is mended
     */
    record Failure(WorkOrder order, RuntimeException cause) {}

    private static boolean isOpen(Standing standing, boolean reopen) {
        return standing.outcomes().isEmpty() || (reopen && standing.outcomes().equals(List.of(Outcome.GIVEN_UP)));
    }

    /** Records that an order is given up. */
    void giveUp(WorkOrder order, String reason) {
        ledger.commit(List.of(Offset.givenUp(order, reason)));
        about(log.atWarn(), order).addKeyValue("reason", reason).log("gave up");
    }

    private LoggingEventBuilder about(LoggingEventBuilder line, WorkOrder order) {
        return line.addKeyValue("lane", lane)
                .addKeyValue("epoch", order.epoch())
                .addKeyValue("order", order.id())
                .addKeyValue("bucket", order.group().bucket());
    }

    /** Delivers orders that take the same epochs. */
    private List<Failure> deliver(List<WorkOrder> orders) {
        WorkOrder any = orders.getFirst();
        Map<Integer, WorkOrder> wanted =
                orders.stream().collect(Collectors.toMap(WorkOrder::number, Function.identity()));
        Map<WorkOrder, CompletableFuture<Offset>> offsets = new LinkedHashMap<>();
        try (InputStream rendered = table.render(orders, ledger.claims(any.fromEpoch(), any.toEpoch()))) {
            Frames frames = new Frames(rendered);
            boolean more = frames.next();
            while (more) {
                WorkOrder order = wanted.remove(frames.number());
                if (order == null) {
                    throw new IOException("order " + frames.number() + " is out of place");
                }
                more = deliver(order, frames, offsets);
            }
            wanted.values().forEach(order -> offsets.put(order, failedFuture(mismatch(order, 0, 0))));
        } catch (IOException e) {
            RuntimeException broken = new RetryableException("ClickHouse broke off a result: " + e.getMessage(), e);
            orders.forEach(order -> offsets.putIfAbsent(order, failedFuture(broken)));
        }
        return commit(offsets);
    }

    /**
     * Reads the frames of one order into an object and starts to complete it.
     *
     * @return whether there are frames of a next order
     */
    private boolean deliver(WorkOrder order, Frames frames, Map<WorkOrder, CompletableFuture<Offset>> offsets)
            throws IOException {
        uploads.acquireUninterruptibly();
        LogObject object =
                new LogObject(store, new Target(order.group().targetBucket(), order.key()), partSize, executor);
        boolean handedOver = false;
        try {
            RuntimeException failure = null;
            long rows = 0;
            long checksum = 0;
            boolean more;
            do {
                rows++;
                checksum += frames.identity();
                if (failure == null) {
                    failure = line(frames, object);
                }
                more = frames.next();
            } while (more && frames.number() == order.number());
            if (failure == null
                    && (rows != order.tally().rows()
                            || checksum != order.tally().checksum())) {
                failure = mismatch(order, rows, checksum);
            }
            CompletableFuture<Offset> offset = failure == null
                    ? CompletableFuture.supplyAsync(() -> complete(order, object), executor)
                    : failedFuture(failure);
            offsets.put(order, offset.whenComplete((done, e) -> release(order, object)));
            handedOver = true;
            return more;
        } finally {
            if (!handedOver) {
                release(order, object);
            }
        }
    }

    /** Writes a line; a failure of the object is returned, since the other orders of the query go on. */
    private static RuntimeException line(Frames frames, LogObject object) throws IOException {
        try {
            frames.line(object);
            return null;
        } catch (TargetRefusedException | RetryableException e) {
            return e;
        }
    }

    private Offset complete(WorkOrder order, LogObject object) {
        object.complete();
        return Offset.delivered(order, object.bytes(), object.crc32c());
    }

    /** Throws the object away if it was not completed, and makes room for the next. */
    private void release(WorkOrder order, LogObject object) {
        try {
            object.close();
        } catch (RetryableException | TargetRefusedException e) {
            about(log.atWarn(), order).addKeyValue("reason", e.getMessage()).log("parts of its upload stay behind");
        } finally {
            uploads.release();
        }
    }

    private static RetryableException mismatch(WorkOrder order, long rows, long checksum) {
        return new RetryableException("order " + order.id() + " for bucket "
                + order.group().bucket() + " takes "
                + order.tally().rows() + " rows with checksum " + order.tally().checksum() + ", ClickHouse returned "
                + rows + " with checksum " + checksum
                + ": a replica lags, or rows were deleted or changed after they were counted");
    }

    /** Waits for all objects and commits those that are complete. */
    private List<Failure> commit(Map<WorkOrder, CompletableFuture<Offset>> offsets) {
        List<Failure> failures = new ArrayList<>();
        Map<WorkOrder, Offset> delivered = new LinkedHashMap<>();
        offsets.forEach((order, offset) -> {
            try {
                delivered.put(order, offset.join());
            } catch (CompletionException e) {
                failures.add(new Failure(order, e.getCause() instanceof RuntimeException cause ? cause : e));
            }
        });
        ledger.commit(delivered.values());
        delivered.forEach((order, offset) -> about(log.atInfo(), order)
                .addKeyValue("rows", offset.rows())
                .addKeyValue("bytes", offset.bytes())
                .addKeyValue("object", offset.targetBucket() + "/" + offset.key())
                .log("delivered"));
        return failures;
    }
}
