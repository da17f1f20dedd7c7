package io.logcourier.localstack.lambda;

import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands in for a schedule whose function has a reserved concurrency of one: invokes it at once, then at a fixed rate,
 * never twice at a time. Ticks that fall due during a long invocation are skipped, not made up for. A failing tick is
 * logged, and the next one comes in its time.
 */
public final class Scheduler implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Scheduler.class);

    private final String functionName;
    private final RequestStreamHandler function;
    private final byte[] payload;
    private final Duration every;
    private final Duration timeout;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Thread thread;

    /**
     * Starts ticking.
     *
     * @param functionName what the function is told it is called
     * @param payload the JSON that each tick carries
     * @param every from the start of one tick to the start of the next
     * @param timeout the time the function is told it has
     */
    public Scheduler(
            String functionName, RequestStreamHandler function, String payload, Duration every, Duration timeout) {
        if (!every.isPositive()) {
            throw new IllegalArgumentException("every is not positive: " + every);
        }
        this.functionName = functionName;
        this.function = function;
        this.payload = payload.getBytes(StandardCharsets.UTF_8);
        this.every = every;
        this.timeout = timeout;
        this.thread = Thread.ofVirtual().name("scheduler-" + functionName).start(this::run);
    }

    /** As {@link #close(Duration)}, with the function's timeout. */
    @Override
    public void close() {
        close(timeout);
    }

    /** Stops ticking, and waits for the tick under way; one that outlives the grace is interrupted. */
    public void close(Duration grace) {
        stopped.countDown();
        try {
            if (thread.join(grace)) {
                return;
            }
            log.error("{} still runs after {}, interrupting it", functionName, grace);
        } catch (InterruptedException e) {
            log.warn("Interrupted while waiting for {}", functionName, e);
            Thread.currentThread().interrupt();
        }
        thread.interrupt();
    }

    private void run() {
        try {
            long next = System.nanoTime();
            do {
                invoke();
                next = nextTick(next, System.nanoTime());
            } while (!stopped.await(next - System.nanoTime(), TimeUnit.NANOSECONDS));
        } catch (InterruptedException e) {
            log.debug("{} interrupted", functionName, e);
        }
    }

    /** The first tick after now that keeps the rhythm. */
    private long nextTick(long last, long now) {
        long period = every.toNanos();
        return last + ((now - last) / period + 1) * period;
    }

    private void invoke() {
        LocalContext context = new LocalContext(functionName, timeout);
        ByteArrayOutputStream response = new ByteArrayOutputStream();
        try {
            function.handleRequest(new ByteArrayInputStream(payload), response, context);
            log.debug("{} answered {}", functionName, response.toString(StandardCharsets.UTF_8));
        } catch (IOException | RuntimeException | Error e) {
            log.error("{} failed, request {}", functionName, context.getAwsRequestId(), e);
        }
    }
}
