package io.logcourier.localstack.bench;

import io.logcourier.configuration.Settings;
import io.logcourier.discovery.DiscoveryHandler;
import io.logcourier.localstack.lambda.Ticks;
import io.logcourier.localstack.sqs.EventSource;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.message.Tick;
import io.logcourier.worker.WorkerHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.services.sqs.SqsClient;

/**
 * Both functions, configured by the environment as deployed ones are, and the event source's stand-in. Its argument says
 * how many invocations of the worker may run at once.
 */
final class FunctionsProcess {
    private static final Duration GLANCE = Duration.ofMillis(2);

    private final DiscoveryHandler discovery;
    private final EventSource source;
    private boolean working;
    private long sent;

    private FunctionsProcess(DiscoveryHandler discovery, EventSource source) {
        this.discovery = discovery;
        this.source = source;
    }

    /**
     * What the functions did since they were asked.
     *
     * @param seconds until all of it was done
     * @param planned seconds until discovery was done
     */
    record Done(double seconds, double planned, long epochs, long orders) {}

    /**
     * What they did since the start.
     *
     * @param requests to AWS, by service and operation
     */
    record Counts(Map<String, Long> requests) {}

    public static void main(String[] arguments) throws IOException {
        Settings settings = Settings.fromEnvironment();
        try (SqsClient sqs = SqsOrderQueue.connect(settings);
                DiscoveryHandler discovery = new DiscoveryHandler();
                WorkerHandler worker = new WorkerHandler();
                EventSource source = new EventSource(
                        sqs,
                        EventSource.Mapping.asDeployed(settings.queue().requiredUrl(), Integer.parseInt(arguments[0])),
                        worker)) {
            FunctionsProcess courier = new FunctionsProcess(discovery, source);
            Child.serve(courier.counts(), courier::answer);
        }
        System.exit(0);
    }

    private Object answer(String question) {
        return switch (question) {
            case "tick" -> tick();
            case "work" -> work();
            case "deliver" -> deliver();
            default -> counts();
        };
    }

    private Counts counts() {
        return new Counts(Requests.counts());
    }

    /** From here on the workers serve the queue. */
    private Counts work() {
        if (!working) {
            working = true;
            source.start();
        }
        return counts();
    }

    /** Has the workers serve the queue while discovery goes over all there is, until the queue is empty. */
    private Done deliver() {
        long began = System.nanoTime();
        work();
        Done planned = new Done(0, 0, 0, 0);
        Done tick;
        do {
            tick = tick();
            planned = new Done(0, seconds(began), planned.epochs + tick.epochs, planned.orders + tick.orders);
        } while (tick.epochs > 0);
        try {
            while (source.done() < sent) {
                if (source.failed() > 0) {
                    throw new IllegalStateException("a message came back, which is not what is to be measured");
                }
                Thread.sleep(GLANCE);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this process", e);
        }
        return new Done(seconds(began), planned.planned, planned.epochs, planned.orders);
    }

    private Done tick() {
        long began = System.nanoTime();
        Ticks.Answer answer = Ticks.tick(discovery, new Tick(Optional.empty(), true, false));
        sent += answer.messages();
        return new Done(seconds(began), seconds(began), answer.epochs(), answer.orders());
    }

    private static double seconds(long since) {
        return Duration.ofNanos(System.nanoTime() - since).toNanos() / 1e9;
    }
}
