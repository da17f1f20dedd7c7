package io.logcourier.localstack.lambda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SchedulerTest {
    private static final Duration OFTEN = Duration.ofMillis(5);
    private static final Duration NEVER_AGAIN = Duration.ofDays(1);
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    @Test
    void theFirstTickComesAtOnceWithThePayload() {
        List<String> payloads = new CopyOnWriteArrayList<>();
        try (Scheduler _ = scheduler(
                (input, output, context) -> payloads.add(new String(input.readAllBytes(), StandardCharsets.UTF_8)),
                NEVER_AGAIN)) {
            await().until(() -> !payloads.isEmpty());
        }
        assertThat(payloads).containsExactly("{\"flush\":true}");
    }

    @Test
    void aFailingTickDoesNotStopTheNext() throws InterruptedException {
        CountDownLatch ticks = new CountDownLatch(3);
        try (Scheduler _ = scheduler(
                (input, output, context) -> {
                    ticks.countDown();
                    if (ticks.getCount() == 2) {
                        throw new IllegalStateException("tick failed on purpose");
                    }
                    if (ticks.getCount() == 1) {
                        throw new AssertionError("tick failed on purpose");
                    }
                },
                OFTEN)) {
            assertThat(ticks.await(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aSlowTickIsNeverOvertakenAndMissedTicksAreSkipped() throws InterruptedException {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch ticks = new CountDownLatch(4);
        long start = System.nanoTime();
        try (Scheduler _ = scheduler(
                (input, output, context) -> {
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    ticks.countDown();
                    pause(Duration.ofMillis(30));
                    running.decrementAndGet();
                },
                Duration.ofMillis(20))) {
            assertThat(ticks.await(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(most).hasValue(1);
        // Due every 20 ms, each takes 30: started at 0, 40, 80 and 120.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(120));
    }

    @Test
    void closeWaitsForTheTickUnderWay() {
        CountDownLatch started = new CountDownLatch(1);
        AtomicInteger finished = new AtomicInteger();
        Scheduler scheduler = scheduler(
                (input, output, context) -> {
                    started.countDown();
                    pause(Duration.ofMillis(100));
                    finished.incrementAndGet();
                },
                OFTEN);
        await().until(() -> started.getCount() == 0);

        scheduler.close();

        int ticks = finished.get();
        assertThat(ticks).isPositive();
        pause(OFTEN.multipliedBy(4));
        assertThat(finished).hasValue(ticks);
    }

    @Test
    void aPeriodOfNothingIsRefused() {
        assertThatThrownBy(() -> scheduler((input, output, context) -> {}, Duration.ZERO))
                .hasMessageContaining("PT0S");
    }

    private static Scheduler scheduler(RequestStreamHandler function, Duration every) {
        return new Scheduler("discovery", function, "{\"flush\":true}", every, TIMEOUT);
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
