package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.RetryableException;
import io.logcourier.ledger.Compression;
import io.logcourier.worker.ObjectStore.Label;
import io.logcourier.worker.ObjectStore.Target;
import io.logcourier.worker.ObjectStore.Terms;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogObjectTest {
    private static final Target TARGET = new Target("bucket", "key");
    private static final Label LABEL = new Label("text/plain", Map.of("order", "5/2"));
    private static final Terms TERMS = new Terms(false, Deadline.in(Duration.ofHours(1)));
    private static final int PART = 1000;

    private final MemoryStore store = new MemoryStore();
    private final ExecutorService background = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void stop() {
        background.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, PART - 1, PART})
    void whatFitsOnePartGoesOutInOneRequest(int size) {
        byte[] bytes = bytes(size);

        try (LogObject object = written(bytes)) {
            complete(object);
            assertIs(object, bytes);
        }

        assertThat(store.calls()).containsExactly("put");
        assertThat(store.object(TARGET)).isEqualTo(bytes);
        assertThat(store.label(TARGET)).isEqualTo(LABEL);
    }

    @ParameterizedTest
    @ValueSource(ints = {PART + 1, 2 * PART - 1, 2 * PART, 2 * PART + 1, 7 * PART, 7 * PART + 13})
    void whatDoesNotGoesOutInPartsOfTheirSizeInOrder(int size) {
        byte[] bytes = bytes(size);

        try (LogObject object = written(bytes)) {
            assertThat(store.object(TARGET)).as("before it is complete").isNull();
            complete(object);
            assertIs(object, bytes);
        }

        int parts = (size + PART - 1) / PART;
        assertThat(store.calls())
                .hasSize(parts + 2)
                .startsWith("begin", "part 1")
                .endsWith("part " + parts, "complete");
        assertThat(store.object(TARGET)).isEqualTo(bytes);
        assertThat(store.label(TARGET)).isEqualTo(LABEL);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void theBytesAreTheSameHoweverTheyAreWritten(long seed) {
        Random random = new Random(seed);
        byte[] bytes = bytes(random.nextInt(20 * PART));

        try (LogObject object = new LogObject(store, TARGET, LABEL, Compression.NONE, PART, background)) {
            for (int from = 0; from < bytes.length; ) {
                int count = Math.min(bytes.length - from, random.nextInt(3 * PART));
                object.write(bytes, from, count);
                from += count;
            }
            complete(object);
            assertIs(object, bytes);
        }

        assertThat(store.object(TARGET)).as("seed %d", seed).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, PART, 5 * PART + 1})
    void whatIsNeverCompletedNeverAppearsAndLeavesNothing(int size) {
        written(bytes(size)).close();

        assertThat(store.object(TARGET)).isNull();
        assertThat(store.calls()).doesNotContain("put", "complete");
        if (size > PART) {
            assertThat(store.calls()).endsWith("abort");
        } else {
            assertThat(store.calls()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"begin", "part 1", "part 2", "part 3", "part 5", "complete"})
    void aStepThatFailsMakesNoObjectAndEverythingIsThrownAway(String step) {
        RetryableException failure = new RetryableException("failed on purpose");
        store.failing(call -> {
            if (call.equals(step)) {
                throw failure;
            }
        });
        LogObject object = new LogObject(store, TARGET, LABEL, Compression.NONE, PART, background);

        assertThatThrownBy(() -> {
                    byte[] bytes = bytes(5 * PART);
                    object.write(bytes, 0, bytes.length);
                    complete(object);
                })
                .isSameAs(failure);
        object.close();

        assertThat(store.object(TARGET)).isNull();
        assertThat(store.calls().contains("abort")).isEqualTo(!step.equals("begin"));
    }

    @Test
    void afterAFailedPartFurtherWritesFailTooAndNoPartIsSkipped() {
        store.failing(call -> {
            if (call.equals("part 1")) {
                throw new RetryableException("failed on purpose");
            }
        });
        byte[] bytes = bytes(3 * PART);
        try (LogObject object = new LogObject(store, TARGET, LABEL, Compression.NONE, PART, background)) {
            for (int attempt = 0; attempt < 3; attempt++) {
                assertThatThrownBy(() -> object.write(bytes, 0, bytes.length)).isInstanceOf(RetryableException.class);
            }
            assertThatThrownBy(() -> object.complete(TERMS)).isInstanceOf(RetryableException.class);
        }

        assertThat(store.calls()).containsExactly("begin", "part 1", "abort");
        assertThat(store.object(TARGET)).isNull();
    }

    @Test
    void aPartOnItsWayKeepsItsBytesWhateverOthersWrite() throws InterruptedException {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch othersAreDone = new CountDownLatch(1);
        store.failing(call -> {
            if (call.equals("part 1")) {
                asked.countDown();
                try {
                    othersAreDone.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        byte[] bytes = bytes(2 * PART);
        try (LogObject object = written(Arrays.copyOf(bytes, PART + 1))) {
            asked.await();
            for (int other = 1; other < 10; other++) {
                MemoryStore elsewhere = new MemoryStore();
                byte[] others = bytes(other * PART);
                try (LogObject more = new LogObject(elsewhere, TARGET, LABEL, Compression.NONE, PART, Runnable::run)) {
                    more.write(others, 0, others.length);
                    complete(more);
                }
                assertThat(elsewhere.object(TARGET)).isEqualTo(others);
            }
            othersAreDone.countDown();
            object.write(bytes, PART + 1, PART - 1);
            complete(object);
        }

        assertThat(store.object(TARGET)).isEqualTo(bytes);
    }

    @Test
    void aPartIsNotReadAfterItsMemoryWasLetGo() {
        Part part = new Part(new CRC32C());
        part.write(bytes(PART), 0, PART);
        part.letGo();

        assertThatThrownBy(part::open).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aRefusedTargetIsToldApartFromAFailure() {
        store.failing(call -> {
            if (call.equals("part 1")) {
                throw new TargetRefusedException("NoSuchBucket", null);
            }
        });
        try (LogObject object = new LogObject(store, TARGET, LABEL, Compression.NONE, PART, background)) {
            byte[] bytes = bytes(3 * PART);
            assertThatThrownBy(() -> object.write(bytes, 0, bytes.length)).isInstanceOf(TargetRefusedException.class);
        }
    }

    @Test
    void aFailureThatNobodyForesawIsRetryableAndKeepsItsCause() {
        IllegalStateException cause = new IllegalStateException("out of sockets");
        store.failing(call -> {
            if (call.equals("part 1")) {
                throw cause;
            }
        });
        try (LogObject object = new LogObject(store, TARGET, LABEL, Compression.NONE, PART, background)) {
            byte[] bytes = bytes(3 * PART);
            assertThatThrownBy(() -> object.write(bytes, 0, bytes.length))
                    .isInstanceOf(RetryableException.class)
                    .hasCause(cause)
                    .hasMessageContaining("bucket/key");
        }
    }

    @Test
    void aPutThatFailedLeavesNothingToAbort() {
        store.failing(call -> {
            throw new RetryableException("failed on purpose");
        });
        try (LogObject object = written(bytes(10))) {
            assertThatThrownBy(() -> object.complete(TERMS)).isInstanceOf(RetryableException.class);
        }

        assertThat(store.calls()).containsExactly("put");
    }

    private LogObject written(byte[] bytes) {
        LogObject object = new LogObject(store, TARGET, LABEL, Compression.NONE, PART, background);
        object.write(bytes, 0, bytes.length);
        return object;
    }

    private static void assertIs(LogObject object, byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        assertThat(object.bytes()).isEqualTo(bytes.length);
        assertThat(object.crc32c()).isEqualTo(crc.getValue());
    }

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static void complete(LogObject object) {
        object.seal();
        assertThat(object.complete(TERMS)).isTrue();
    }
}
