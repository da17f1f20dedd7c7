package io.logcourier.worker;

import static java.util.concurrent.CompletableFuture.failedFuture;
import static java.util.stream.Collectors.groupingBy;

import io.logcourier.CourierException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.accesslog.AccessLogTable.Query;
import io.logcourier.accesslog.Contents;
import io.logcourier.accesslog.Frames;
import io.logcourier.accesslog.ParquetFooter;
import io.logcourier.accesslog.Rendering;
import io.logcourier.clickhouse.Complaint;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Claims;
import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.Ledger.Standing;
import io.logcourier.ledger.Offset;
import io.logcourier.ledger.Offset.Outcome;
import io.logcourier.ledger.Shortfall;
import io.logcourier.ledger.Shortfall.Finding;
import io.logcourier.ledger.Tally;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.logging.Metric;
import io.logcourier.logging.Metrics;
import io.logcourier.message.OrderMessage;
import io.logcourier.worker.ObjectStore.Found;
import io.logcourier.worker.ObjectStore.Label;
import io.logcourier.worker.ObjectStore.Target;
import io.logcourier.worker.ObjectStore.Terms;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
 * Delivers the orders of a message: one query (for Parquet one each), an object per order, one commit. Thread-safe.
 *
 * <p>May die anywhere: an object is completed only when its rows and checksum are those of the order, key and bytes
 * follow from the order, and offsets are committed after the objects. So a retry writes the same objects again.
 */
final class Delivery {
    private static final Logger log = LoggerFactory.getLogger(Delivery.class);

    /**
     * Permits per upload. A small order takes one, a large one six: so 48 small PUTs at once where {@code worker.uploads} is
     * eight, within the SDK's 50 connections.
     */
    private static final int SHARES = 6;

    private static final int ROW_BYTES = 1024;
    private static final int BUFFER_BYTES = 64 * 1024;

    /** With less time left no more orders are tried apart: what was found out must still be recorded. */
    private static final Duration RESERVE = Duration.ofSeconds(30);

    private final String lane;
    private final Ledger ledger;
    private final AccessLogTable table;
    private final ObjectStore store;
    private final int partSize;
    private final Duration supersedeAfter;
    private final Executor executor;
    private final Semaphore uploads;
    private final Metrics metrics;

    /** Room for as many uploads at once as the settings allow, more where objects are small; lanes share it. */
    static Semaphore uploads(Settings.Worker limits) {
        return new Semaphore(limits.uploads() * SHARES);
    }

    /** {@code executor} runs uploads, as many at once as {@code uploads} have room for. */
    Delivery(
            String lane,
            Ledger ledger,
            AccessLogTable table,
            ObjectStore store,
            Settings.Worker limits,
            Semaphore uploads,
            Executor executor,
            Metrics metrics) {
        this.lane = lane;
        this.ledger = ledger;
        this.table = table;
        this.store = store;
        this.partSize = limits.partSize();
        this.supersedeAfter = limits.supersedeAfter();
        this.executor = executor;
        this.metrics = metrics;
        this.uploads = uploads;
    }

    /**
     * Delivers every order of {@code message} that has no outcome yet, or all where it is a replay, and commits those
     * that succeeded.
     *
     * @param attempt begun before this call
     * @return the orders that failed; none when all are done
     * @throws StrangerException if the ledger does not know all of them
     * @throws CourierException if no order could be tried
     */
    List<Failure> deliver(OrderMessage message, Attempt attempt) {
        List<Standing> standings = ledger.standing(message.epoch(), message.first(), message.last());
        if (standings.size() <= message.last() - message.first()) {
            throw new StrangerException("lane " + lane + " knows " + standings.size() + " of the orders "
                    + message.epoch() + "/" + message.first() + " to " + message.last()
                    + ": a replica may lag, or the message is not ours");
        }
        Map<Query, List<Task>> wanted = standings.stream()
                .filter(standing -> message.replay()
                        ? !standing.outcomes().contains(Outcome.SUPERSEDED)
                        : standing.outcomes().isEmpty())
                .map(standing -> task(standing, message))
                .collect(groupingBy(task -> Query.of(task.order())));
        List<Failure> failures = new ArrayList<>();
        wanted.values().forEach(tasks -> failures.addAll(deliver(tasks, attempt)));
        return failures;
    }

    private static Task task(Standing standing, OrderMessage message) {
        WorkOrder order = standing.order();
        return message.target()
                .map(copies -> {
                    int slash = copies.indexOf('/');
                    String bucket = slash < 0 ? copies : copies.substring(0, slash);
                    String prefix = slash < 0 ? "" : copies.substring(slash + 1);
                    String rest =
                            order.key().substring(order.group().targetPrefix().length());
                    return new Task(standing, new Target(bucket, prefix + rest), false);
                })
                .orElseGet(() ->
                        new Task(standing, own(order), !standing.outcomes().contains(Outcome.DELIVERED)));
    }

    /**
     * An order as a message asks for it.
     *
     * @param standing what the ledger says of it
     * @param target where its object goes
     * @param isFirst whether its outcome is to be recorded: it is no copy, and not delivered yet
     */
    record Task(Standing standing, Target target, boolean isFirst) {
        WorkOrder order() {
            return standing.order();
        }
    }

    /**
     * An order that failed.
     *
     * @param cause {@link TargetRefusedException}, {@link UnrenderableException}, {@link ShortfallException} and
     *     {@link ChangedException} where retrying alone will not help; one for several orders where one statement failed
     */
    record Failure(Task task, RuntimeException cause) {}

    /**
     * Settles an order whose rows are gone. If its object was completed while they were there, it is delivered.
     * Otherwise what is left may go out as another order, but only when no worker that has seen all rows can still be at
     * work: so it takes two sightings, further apart than a function may run.
     *
     * @param found rows of it that are there
     * @return what the ledger is to be told; nothing if it was delivered before
     * @throws TargetRefusedException if its target refuses to show whether the object is there
     * @throws RetryableException if the replica lags, or ClickHouse or S3 fails; nothing is settled then
     */
    Optional<Shortfall> settle(Task task, long found) {
        WorkOrder order = task.order();
        Optional<Contents> object = find(task).flatMap(Found::contents);
        if (object.filter(stored -> stored.rows() == order.tally().rows()).isPresent()) {
            Offset offset =
                    Offset.delivered(order, object.get().bytes(), object.get().crc32c());
            ledger.commit(List.of(offset));
            about(log.atInfo(), order).log("was delivered before its rows went");
            return Optional.empty();
        }
        if (table.isLagging(order.plannedAt())) {
            throw new RetryableException("the replica lags: it may not have the rows of order " + order.id() + " yet");
        }
        boolean confirmed = task.standing()
                .shortSince()
                .filter(since ->
                        !since.plus(supersedeAfter).isAfter(task.standing().now()))
                .isPresent();
        if (confirmed) {
            abandon(task);
        }
        about(log.atWarn(), order)
                .addKeyValue("rows", order.tally().rows())
                .addKeyValue("found", found)
                .log(confirmed ? "lost rows, a later order will take the rest" : "lacks rows");
        return Optional.of(Shortfall.of(order, found, confirmed ? Finding.CONFIRMED : Finding.LACKING));
    }

    /** What is left goes out under another key: an upload that some attempt could not abort would stay for ever. */
    private void abandon(Task task) {
        try {
            store.abandon(task.target());
        } catch (TargetRefusedException e) {
            about(log.atWarn(), task.order())
                    .addKeyValue("reason", e.getMessage())
                    .log("parts of its uploads may stay behind");
        }
    }

    /** Records that orders are given up, each with the reason. */
    void giveUp(Map<WorkOrder, String> orders) {
        if (orders.isEmpty()) {
            return;
        }
        ledger.commit(orders.entrySet().stream()
                .map(order -> Offset.givenUp(order.getKey(), order.getValue()))
                .toList());
        orders.forEach((order, reason) ->
                about(log.atWarn(), order).addKeyValue("reason", reason).log("gave up"));
        metrics.write(Map.of(Metric.ORDERS_GIVEN_UP, (long) orders.size()));
    }

    /** A line about an order. */
    LoggingEventBuilder about(LoggingEventBuilder line, WorkOrder order) {
        return line.addKeyValue("lane", lane)
                .addKeyValue("epoch", order.epoch())
                .addKeyValue("order", order.id())
                .addKeyValue("bucket", order.group().bucket());
    }

    /**
     * Delivers orders that one query renders. What ClickHouse refuses together it may refuse for the sake of one row: so a
     * late attempt halves what is left until the orders that fail are alone.
     */
    private List<Failure> deliver(List<Task> tasks, Attempt attempt) {
        WorkOrder any = tasks.getFirst().order();
        Claims claims = ledger.claims(any.fromEpoch(), any.toEpoch());
        if (Rendering.of(any).isFile()) {
            return deliverFiles(tasks, claims, attempt);
        }
        List<Failure> failures = new ArrayList<>();
        Deque<List<Task>> untried = new ArrayDeque<>(List.of(tasks));
        while (!untried.isEmpty()) {
            List<Task> together = untried.pop();
            boolean isApart = together.size() < tasks.size();
            if (isApart && attempt.deadline().left().compareTo(RESERVE) < 0) {
                fail(together, new RetryableException("too little time is left to render the order apart"), failures);
                continue;
            }
            Optional<Refused> refused = stream(together, claims, attempt, failures);
            if (refused.isEmpty()) {
                continue;
            }
            List<Task> left = refused.get().left();
            if (left.isEmpty()) {
                continue;
            }
            switch (refused.get().complaint()) {
                // All that is untried would hear the same.
                case PASSING -> {
                    fail(left, refused.get().cause(), failures);
                    untried.forEach(others -> fail(others, refused.get().cause(), failures));
                    untried.clear();
                }
                case STATEMENT -> {
                    RuntimeException cause =
                            new UnrenderableException(refused.get().cause());
                    fail(left, cause, failures);
                    untried.forEach(others -> fail(others, cause, failures));
                    untried.clear();
                }
                case ROW, UNCLEAR -> {
                    if (together.size() == 1) {
                        fail(left, judged(refused.get(), claims, attempt), failures);
                    } else if (!attempt.isLate()) {
                        fail(left, refused.get().cause(), failures);
                    } else {
                        int half = (left.size() + 1) / 2;
                        if (half < left.size()) {
                            untried.push(left.subList(half, left.size()));
                        }
                        untried.push(left.subList(0, half));
                    }
                }
            }
        }
        return failures;
    }

    private static void fail(List<Task> tasks, RuntimeException cause, List<Failure> failures) {
        tasks.forEach(task -> failures.add(new Failure(task, cause)));
    }

    /**
     * A query that ClickHouse refused or broke off.
     *
     * @param left the orders that it was to render and has not
     * @param cause as it was reported
     * @param complaint what that says about them
     */
    private record Refused(List<Task> left, CourierException cause, Complaint complaint) {
        static Refused of(List<Task> left, CourierException cause) {
            return new Refused(left, cause, Complaint.of(cause));
        }

        /** Between two rows: the connection is broken then, and the error comes without its code. */
        static Refused midway(List<Task> left, IOException cause) {
            return new Refused(left, brokenOff(cause), Complaint.UNCLEAR);
        }
    }

    /** Why an order failed whose rows were asked for alone. */
    private RuntimeException judged(Refused refused, Claims claims, Attempt attempt) {
        return switch (refused.complaint()) {
            case ROW, STATEMENT -> new UnrenderableException(refused.cause());
            case PASSING -> refused.cause();
            case UNCLEAR -> {
                boolean isAsked = attempt.isLate() && refused.cause().getCause() instanceof IOException;
                yield isAsked
                        ? reason(refused.left().getFirst().order(), claims).orElse(refused.cause())
                        : refused.cause();
            }
        };
    }

    /** Why the result of an order breaks off, if its rows are the reason. */
    private Optional<RuntimeException> reason(WorkOrder order, Claims claims) {
        try {
            table.tryToRender(order, claims);
            return Optional.empty();
        } catch (CourierException e) {
            return switch (Complaint.of(e)) {
                case ROW, STATEMENT -> Optional.of(new UnrenderableException(e));
                case PASSING, UNCLEAR -> Optional.of(e);
            };
        }
    }

    /** Delivers those of the orders that one query renders; the failures of single ones are added to {@code failures}. */
    private Optional<Refused> stream(List<Task> tasks, Claims claims, Attempt attempt, List<Failure> failures) {
        List<WorkOrder> orders = tasks.stream().map(Task::order).toList();
        Map<Integer, Task> wanted =
                tasks.stream().collect(Collectors.toMap(task -> task.order().number(), Function.identity()));
        Map<Task, CompletableFuture<Offset>> offsets = new LinkedHashMap<>();
        Function<Map<Task, ?>, List<Task>> left =
                done -> tasks.stream().filter(task -> !done.containsKey(task)).toList();
        Optional<Refused> refused = Optional.empty();
        try (InputStream rendered = table.render(orders, claims)) {
            Frames frames = new Frames(rendered);
            frames.next();
            while (!frames.atEnd()) {
                Task task = wanted.remove(frames.number());
                if (task == null) {
                    throw outOfPlace(frames);
                }
                offsets.put(task, write(task, attempt, object -> copy(frames, task.order(), wanted.keySet(), object)));
            }
            wanted.values()
                    .forEach(task -> offsets.put(task, failedFuture(new ShortfallException(task.order(), 0, 0))));
        } catch (IOException e) {
            refused = Optional.of(Refused.midway(left.apply(offsets), e));
        } catch (CourierException e) {
            refused = Optional.of(Refused.of(left.apply(offsets), e));
        }
        failures.addAll(commit(offsets));
        return refused;
    }

    private static IOException outOfPlace(Frames frames) {
        return new IOException("order " + frames.number() + " is out of place");
    }

    private static RetryableException brokenOff(IOException e) {
        return new RetryableException("ClickHouse broke off a result: " + e.getMessage(), e);
    }

    /** Fills an object. */
    @FunctionalInterface
    private interface Source {
        /** Writes it, and returns why it must not be completed, or null. */
        RuntimeException copyTo(LogObject object) throws IOException;
    }

    /** Fills an object and starts to complete it. */
    private CompletableFuture<Offset> write(Task task, Attempt attempt, Source source) throws IOException {
        WorkOrder order = task.order();
        uploads.acquireUninterruptibly(shares(order));
        LogObject object = new LogObject(store, task.target(), label(order), order.compression(), partSize, executor);
        boolean handedOver = false;
        try {
            RuntimeException failure = source.copyTo(object);
            CompletableFuture<Offset> offset = failure == null
                    ? CompletableFuture.supplyAsync(() -> complete(task, object, attempt), executor)
                    : failedFuture(failure);
            handedOver = true;
            return offset.whenComplete((done, e) -> release(order, object));
        } finally {
            if (!handedOver) {
                release(order, object);
            }
        }
    }

    /**
     * Copies the lines of one order; {@code frames} are then at the first one of the next, one of {@code others}.
     *
     * @throws IOException if lines are missing and no order follows: an error of ClickHouse's stands between its rows then
     */
    private static RuntimeException copy(Frames frames, WorkOrder order, Set<Integer> others, LogObject object)
            throws IOException {
        RuntimeException failure = null;
        long rows = 0;
        long checksum = 0;
        // Once: else each row would make one.
        Frames.Sink sink = object::write;
        do {
            rows++;
            checksum += frames.identity();
            if (failure == null) {
                failure = line(frames, sink);
            }
        } while (frames.next() && frames.number() == order.number());
        if (!order.tally().matches(rows, checksum) && !frames.atEnd() && !others.contains(frames.number())) {
            throw outOfPlace(frames);
        }
        return failure == null ? shortfall(order, rows, checksum) : failure;
    }

    private static RuntimeException shortfall(WorkOrder order, long rows, long checksum) {
        return order.tally().matches(rows, checksum) ? null : new ShortfallException(order, rows, checksum);
    }

    /** Delivers orders that become a file each, by a query each. */
    private List<Failure> deliverFiles(List<Task> tasks, Claims claims, Attempt attempt) {
        List<Failure> failures = new ArrayList<>();
        Map<Task, CompletableFuture<Offset>> offsets = new LinkedHashMap<>();
        for (Task task : tasks) {
            try {
                offsets.put(task, write(task, attempt, object -> copy(task.order(), claims, object)));
            } catch (IOException e) {
                fail(List.of(task), judged(Refused.midway(List.of(task), e), claims, attempt), failures);
            } catch (CourierException e) {
                fail(List.of(task), judged(Refused.of(List.of(task), e), claims, attempt), failures);
            } catch (TargetRefusedException e) {
                fail(List.of(task), e, failures);
            }
        }
        failures.addAll(commit(offsets));
        return failures;
    }

    /**
     * Copies the file that an order makes. It has no frames, so its rows are counted after it was read: rows go and never
     * come, so those that are there then were there before. The file says itself how many it has.
     */
    private RuntimeException copy(WorkOrder order, Claims claims, LogObject object) throws IOException {
        ParquetFooter footer = new ParquetFooter();
        try (InputStream file = table.render(List.of(order), claims)) {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int read = file.read(buffer); read >= 0; read = file.read(buffer)) {
                object.write(buffer, 0, read);
                footer.write(buffer, 0, read);
            }
        }
        long inFile = footer.rows();
        Tally found = table.tally(order, claims);
        if (found.rows() == order.tally().rows() && inFile != found.rows()) {
            throw new IOException("the file has " + inFile + " rows of " + found.rows());
        }
        return shortfall(order, found.rows(), found.checksum());
    }

    /** What an object says of itself. Follows from the order, as its key and bytes do. */
    private static Label label(WorkOrder order) {
        return new Label(
                Rendering.of(order).contentType(order.compression()),
                Map.of(
                        Identity.ORDER,
                        order.id(),
                        "rows",
                        Long.toString(order.tally().rows()),
                        "first-time",
                        order.tally().minStart().toString(),
                        "last-time",
                        order.tally().maxStart().toString()));
    }

    /** How much of the memory for uploads an order takes, going by its rows. */
    private int shares(WorkOrder order) {
        return Math.clamp(order.tally().rows() * ROW_BYTES * SHARES / partSize, 1, SHARES);
    }

    /** Writes a line; a failure of the object is returned, since the other orders of the query go on. */
    private static RuntimeException line(Frames frames, Frames.Sink sink) throws IOException {
        try {
            frames.line(sink);
            return null;
        } catch (TargetRefusedException | RetryableException e) {
            return e;
        }
    }

    /**
     * Makes an object visible, unless it is. A first delivery takes no key that is not free: what is there is then its own,
     * by an attempt whose offset is missing, or the target's owner must say. A replay puts right what is not as it should be.
     */
    private Offset complete(Task task, LogObject object, Attempt attempt) {
        object.seal();
        WorkOrder order = task.order();
        Offset rendered = Offset.delivered(order, object.bytes(), object.crc32c());
        // A Parquet file names the ClickHouse that wrote it: one of another version makes other bytes of the same rows.
        if (isOther(task, rendered) && !Rendering.of(order).isFile()) {
            throw new ChangedException("order " + order.id() + " was delivered as "
                    + task.standing().deliveredBytes()
                    + " bytes, its rows now make other bytes: they were changed since");
        }
        if (!task.isFirst()) {
            Optional<Offset> intact =
                    findIfAllowed(task).flatMap(found -> Identity.intact(order, rendered, delivered(task), found));
            if (intact.isPresent()) {
                return intact.get();
            }
        }
        if (object.complete(new Terms(!task.isFirst(), attempt.deadline()))) {
            return rendered;
        }
        Found found = find(task)
                .orElseThrow(() -> new RetryableException(
                        task.target() + " was there, and is gone again: a later attempt writes it"));
        return Identity.own(order, rendered, found)
                .orElseThrow(() -> new TargetRefusedException(
                        "PreconditionFailed: cannot write %s: something else is there: remove it; then run `courier redrive`, or `courier replay`"
                                .formatted(task.target()),
                        null));
    }

    private Optional<Found> find(Task task) {
        return store.find(
                task.target(), Rendering.of(task.order()), task.order().compression());
    }

    /** What a replay finds; where it may write and not read, it writes. */
    private Optional<Found> findIfAllowed(Task task) {
        try {
            return find(task);
        } catch (TargetRefusedException e) {
            about(log.atDebug(), task.order())
                    .addKeyValue("reason", e.getMessage())
                    .log("cannot see what is there, writes it again");
            return Optional.empty();
        }
    }

    /** What was delivered of an order, if it was. */
    private static Optional<Offset> delivered(Task task) {
        Standing standing = task.standing();
        return standing.outcomes().contains(Outcome.DELIVERED)
                ? Optional.of(Offset.delivered(task.order(), standing.deliveredBytes(), standing.deliveredCrc32c()))
                : Optional.empty();
    }

    /** Whether an order was delivered before as other bytes. */
    private static boolean isOther(Task task, Offset offset) {
        return delivered(task).filter(before -> !before.equals(offset)).isPresent();
    }

    /** What the ledger is told: of an object that a replay wrote again only where it has other bytes now. */
    private static boolean isRecorded(Task task, Offset offset) {
        return task.isFirst() || (isOther(task, offset) && task.target().equals(own(task.order())));
    }

    private static Target own(WorkOrder order) {
        return new Target(order.group().targetBucket(), order.key());
    }

    /** Throws the object away if it was not completed, and makes room for the next. */
    private void release(WorkOrder order, LogObject object) {
        try {
            object.close();
        } catch (RetryableException | TargetRefusedException e) {
            about(log.atWarn(), order).addKeyValue("reason", e.getMessage()).log("parts of its upload stay behind");
        } finally {
            uploads.release(shares(order));
        }
    }

    /** Waits for all objects and commits those that are complete. */
    private List<Failure> commit(Map<Task, CompletableFuture<Offset>> offsets) {
        List<Failure> failures = new ArrayList<>();
        Map<Task, Offset> delivered = new LinkedHashMap<>();
        offsets.forEach((task, offset) -> {
            try {
                delivered.put(task, offset.join());
            } catch (CompletionException e) {
                failures.add(new Failure(task, e.getCause() instanceof RuntimeException cause ? cause : e));
            }
        });
        Map<Task, Offset> first = new LinkedHashMap<>(delivered);
        first.keySet().removeIf(task -> !task.isFirst());
        ledger.commit(delivered.entrySet().stream()
                .filter(entry -> isRecorded(entry.getKey(), entry.getValue()))
                .map(Map.Entry::getValue)
                .toList());
        measure(first);
        delivered.forEach((task, offset) -> about(log.atInfo(), task.order())
                .addKeyValue("rows", offset.rows())
                .addKeyValue("bytes", offset.bytes())
                .addKeyValue("object", task.target())
                .log(task.isFirst() ? "delivered" : "replayed"));
        return failures;
    }

    private void measure(Map<Task, Offset> delivered) {
        if (delivered.isEmpty()) {
            return;
        }
        Instant oldest = delivered.keySet().stream()
                .map(task -> task.order().tally().minInserted())
                .min(Comparator.naturalOrder())
                .orElseThrow();
        metrics.write(Map.of(
                Metric.ORDERS_DELIVERED,
                (long) delivered.size(),
                Metric.ROWS_DELIVERED,
                delivered.values().stream().mapToLong(Offset::rows).sum(),
                Metric.BYTES_DELIVERED,
                delivered.values().stream().mapToLong(Offset::bytes).sum(),
                Metric.DELIVERY_DELAY,
                Math.max(0, Duration.between(oldest, Instant.now()).toSeconds())));
    }
}
