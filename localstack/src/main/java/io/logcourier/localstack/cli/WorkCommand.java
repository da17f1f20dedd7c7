package io.logcourier.localstack.cli;

import io.logcourier.RetryableException;
import io.logcourier.configuration.Setting;
import io.logcourier.configuration.Settings;
import io.logcourier.localstack.sqs.EventSource;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.operations.Output;
import io.logcourier.operations.SettingsFlags;
import io.logcourier.s3.TargetClient;
import io.logcourier.tls.Distrust;
import io.logcourier.worker.WorkerHandler;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsClient;

/** {@code courier work}. */
@Command(
        name = "work",
        footer = {"  courier work", "  courier work --once"},
        description = {
            "Serves the order queue as the event source mapping and the worker function do.",
            "Runs until interrupted, or with --once until the queue is empty."
        })
final class WorkCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--once",
            description =
                    "stop when the queue is empty, and say what was done; exit with 1 if it is not within an hour")
    private boolean once;

    @Option(names = "--json", description = "with --once, say it as one JSON object")
    private boolean json;

    /**
     * What was done: the answer of {@code work --once --json}.
     *
     * @param done messages that were served and are gone from the queue
     * @param failed how often a message came back
     * @param empty whether the queue is
     */
    record Worked(long done, long failed, boolean empty) {}

    @Override
    public Integer call() throws InterruptedException {
        Settings settings = SettingsFlags.read(spec.commandLine().getParseResult());
        try (SqsClient sqs = SqsOrderQueue.connect(settings);
                WorkerHandler worker = new WorkerHandler(settings);
                EventSource source = new EventSource(sqs, mapping(settings), worker)) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> source.close(Signals.GRACE), "shutdown"));
            check(sqs, settings.queue().requiredUrl());
            TargetClient.checkTrust(settings);
            if (once) {
                boolean empty = source.drain(Duration.ofHours(1), Duration.ofSeconds(1));
                Worked worked = new Worked(source.done(), source.failed(), empty);
                Output.print(spec, json, worked, plain -> "%,d messages done, %,d times one came back, the queue is %s"
                        .formatted(plain.done(), plain.failed(), plain.empty() ? "empty" : "not empty"));
                return empty ? 0 : 1;
            }
            source.start();
            Thread.currentThread().join();
            return 0;
        }
    }

    /** The source would ask a queue that is not there again and again. */
    private static void check(SqsClient sqs, String queue) {
        try {
            sqs.getQueueAttributes(request -> request.queueUrl(queue));
        } catch (SdkException e) {
            if (Distrust.isIn(e)) {
                throw Distrust.failure("cannot ask the queue " + queue, e, Setting.SQS_CA.name());
            }
            String reason = e.getCause() == null ? "" : ": " + e.getCause().getMessage();
            throw new RetryableException("cannot ask the queue " + queue + ": " + e.getMessage() + reason, e);
        }
    }

    /** As many invocations at once as there are processors; none may run longer than the settings allow. */
    static EventSource.Mapping mapping(Settings settings) {
        EventSource.Mapping mapping = EventSource.Mapping.asDeployed(
                settings.queue().requiredUrl(), Runtime.getRuntime().availableProcessors());
        settings.worker().checkTimeout(mapping.timeout());
        return mapping;
    }
}
