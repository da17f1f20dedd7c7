package io.logcourier.worker;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent.SQSMessage;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.logging.Logging;
import io.logcourier.logging.Metric;
import io.logcourier.logging.Metrics;
import io.logcourier.worker.MessageService.Served;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Function;

/**
 * The Lambda function behind the order queue. Needs {@code ReportBatchItemFailures}: messages of a batch run at once and
 * fail alone.
 */
public final class WorkerHandler implements RequestHandler<SQSEvent, SQSBatchResponse>, AutoCloseable {
    private final Settings.Worker limits;
    private final boolean isDeployed;
    private final Function<Duration, Deadline> deadlines;
    private final List<ClickHouse> clickHouses = new ArrayList<>();
    private final ObjectStore store;
    private final ReturnPath returnPath;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final MessageService service;
    private final Metrics metrics = new Metrics();

    /** As deployed: configured by the environment, and with a timeout that the context tells. */
    public WorkerHandler() {
        this(Logging.apply(Settings.fromEnvironment()), CompletableFuture.runAsync(NativeCryptography::install));
    }

    /** Cryptography is installed beside the rest, and there before the first connection that lasts. */
    private WorkerHandler(Settings settings, CompletableFuture<Void> cryptography) {
        this(settings, true);
        cryptography.join();
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
                new SqsReturnPath(settings),
                Deadline::in);
    }

    /**
     * On collaborators that it closes.
     *
     * @param connect to the ClickHouse of a lane
     * @param isDeployed whether the timeout that the context tells is to be checked
     * @param deadlines the end of the time that an invocation has, from now on
     */
    WorkerHandler(
            Settings settings,
            boolean isDeployed,
            Function<Lane, ClickHouse> connect,
            ObjectStore store,
            ReturnPath returnPath,
            Function<Duration, Deadline> deadlines) {
        limits = settings.worker();
        this.deadlines = deadlines;
        this.isDeployed = isDeployed;
        this.store = store;
        this.returnPath = returnPath;
        Semaphore uploads = Delivery.uploads(limits);
        Map<String, Served> lanes = new LinkedHashMap<>();
        settings.lanes().forEach(lane -> {
            ClickHouse clickHouse = connect.apply(lane);
            clickHouses.add(clickHouse);
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
        service = new MessageService(limits, lanes, returnPath, executor);
    }

    /**
     * Serves a batch of messages.
     *
     * @throws io.logcourier.ConfigurationException before anything is done, if the function's timeout is longer than
     *     three quarters of {@code worker.supersede-after}
     */
    @Override
    public SQSBatchResponse handleRequest(SQSEvent event, Context context) {
        long began = System.nanoTime();
        Duration time = Duration.ofMillis(context.getRemainingTimeInMillis());
        if (isDeployed) {
            limits.checkTimeout(time);
        }
        Deadline deadline = deadlines.apply(time);
        List<CompletableFuture<List<BatchItemFailure>>> underway = event.getRecords().stream()
                .map(message -> CompletableFuture.supplyAsync(() -> failures(message, deadline), executor))
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

    /** Its id when the message must come back. */
    private List<BatchItemFailure> failures(SQSMessage message, Deadline deadline) {
        return service.serve(message, deadline) ? List.of() : List.of(new BatchItemFailure(message.getMessageId()));
    }

    @Override
    public void close() {
        executor.close();
        returnPath.close();
        store.close();
        clickHouses.forEach(ClickHouse::close);
    }
}
