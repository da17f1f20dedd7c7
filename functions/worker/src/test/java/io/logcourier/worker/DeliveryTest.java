package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent.SQSMessage;
import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.message.Message;
import io.logcourier.message.OrderMessage;
import io.logcourier.worker.ObjectStore.Label;
import io.logcourier.worker.ObjectStore.Target;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of the orders of a message whose rows ClickHouse does not render. */
class DeliveryTest {
    private static final int ORDERS = 16;
    private static final int LAST = 4;
    private static final int CANNOT_PARSE_TEXT = 6;
    private static final int UNKNOWN_IDENTIFIER = 47;
    private static final int MEMORY_LIMIT_EXCEEDED = 241;
    private static final int NETWORK_ERROR = 210;
    private static final long IDENTITY = 7;
    private static final byte[] LINE = "a line\n".getBytes(StandardCharsets.US_ASCII);

    private final Settings settings = Settings.read(Map.of(), Map.of());
    private final MemoryStore store = new MemoryStore();
    private final Orders clickHouse = new Orders();
    private final List<String> buried = new CopyOnWriteArrayList<>();
    private final AtomicLong nanoseconds = new AtomicLong();

    /** How ClickHouse says what is wrong. */
    private enum Manner {
        /** Before the first row. */
        AT_ONCE,
        /** After some rows: the connection breaks. */
        MIDWAY,
        /** After some rows; what follows them is the text of the error, and the result ends as if it were whole. */
        MIDWAY_AS_TEXT
    }

    @ParameterizedTest
    @EnumSource
    void ordersThatCannotBeRenderedAreGivenUpAtTheLastAttemptAndTheOthersDelivered(Manner manner) {
        clickHouse.bad = Set.of(3, 11);
        clickHouse.manner = manner;
        for (int receives = 1; receives < LAST; receives++) {
            assertThat(serve(receives)).as("receipt %d", receives).isFalse();
            assertThat(buried).isEmpty();
        }
        assertThat(delivered()).as("before the last attempt").isEqualTo(others());

        assertThat(serve(LAST)).isTrue();

        assertThat(delivered()).isEqualTo(others());
        assertThat(clickHouse.ended("given_up")).containsExactlyInAnyOrder(3, 11);
        assertThat(buried).hasSize(2).allSatisfy(reason -> assertThat(reason)
                .startsWith("ClickHouse cannot render it: ")
                .contains("Code: 6.", "redrive"));
        assertThat(clickHouse.shortfalls).isEmpty();
        assertThat(serve(LAST + 1)).isTrue();
    }

    @Test
    void theFirstAttemptAsksOnce() {
        clickHouse.bad = Set.of(3);

        assertThat(serve(1)).isFalse();

        assertThat(clickHouse.renderings).isOne();
    }

    @Test
    void aColumnThatIsGoneIsOneRefusalForAllOrdersOfTheStatement() {
        clickHouse.bad = IntStream.range(0, ORDERS).boxed().collect(Collectors.toSet());
        clickHouse.code = UNKNOWN_IDENTIFIER;

        assertThat(serve(LAST)).isTrue();

        assertThat(clickHouse.renderings).isOne();
        assertThat(clickHouse.ended("given_up")).hasSize(ORDERS);
    }

    @ParameterizedTest
    @ValueSource(ints = {MEMORY_LIMIT_EXCEEDED, 1002})
    void whatMayPassIsNeverGivenUpAndStopsNoOther(int code) {
        clickHouse.bad = Set.of(5);
        clickHouse.code = code;

        assertThat(serve(LAST)).isFalse();

        assertThat(delivered()).hasSize(ORDERS - 1);
        assertThat(clickHouse.ended("given_up")).isEmpty();
        assertThat(buried).isEmpty();
    }

    @Test
    void aServerThatFailsIsNotAskedForEachOrder() {
        clickHouse.bad = Set.of(5);
        clickHouse.code = NETWORK_ERROR;

        assertThat(serve(LAST)).isFalse();

        assertThat(clickHouse.renderings).isOne();
        assertThat(delivered()).isEmpty();
        assertThat(buried).isEmpty();
    }

    @Test
    void aConnectionThatBreaksForItselfIsNoReasonToGiveUp() {
        clickHouse.bad = Set.of(5);
        clickHouse.manner = Manner.MIDWAY;
        clickHouse.isRowToBlame = false;

        assertThat(serve(LAST)).isFalse();

        assertThat(delivered()).hasSize(ORDERS - 1);
        assertThat(buried).isEmpty();
    }

    @Test
    void whereNoTimeIsLeftTheRestComesBack() {
        clickHouse.bad = Set.of(3, 11);
        // Each statement takes two minutes of the five that there are.
        clickHouse.onRender = () -> nanoseconds.addAndGet(Duration.ofMinutes(2).toNanos());

        assertThat(serve(LAST)).isFalse();

        assertThat(clickHouse.renderings).isEqualTo(3);
        assertThat(buried).isEmpty();
    }

    @Test
    void aWorkerThatWasFrozenWritesNothingAndALaterOneDelivers() {
        clickHouse.onRender = () -> nanoseconds.addAndGet(Duration.ofHours(1).toNanos());

        assertThat(serve(1)).isFalse();

        assertThat(store.calls()).isEmpty();
        assertThat(clickHouse.offsets).isEmpty();
        clickHouse.onRender = () -> {};

        assertThat(serve(2)).isTrue();
        assertThat(delivered()).hasSize(ORDERS);
    }

    @Test
    void aWorkerThatWasFrozenGivesNothingUp() {
        store.failing(call -> {
            nanoseconds.addAndGet(Duration.ofHours(1).toNanos());
            throw new TargetRefusedException("no", null);
        });

        assertThat(serve(LAST)).isFalse();

        assertThat(buried).isEmpty();
        assertThat(clickHouse.offsets).isEmpty();
    }

    @Test
    void anObjectThatIsThereAlreadyIsNotWrittenAgain() {
        clickHouse.isRefusingOffsets = true;
        for (int receives = 1; receives <= 7; receives++) {
            assertThat(serve(receives)).isFalse();
        }
        assertThat(store.written()).isEqualTo(ORDERS);
        clickHouse.isRefusingOffsets = false;

        assertThat(serve(8)).isTrue();

        assertThat(store.written()).isEqualTo(ORDERS);
        assertThat(delivered()).hasSize(ORDERS);
    }

    @Test
    void anObjectOfTheOrderWithOtherBytesIsTakenAsItIs() {
        byte[] earlier = "another line\n".getBytes(StandardCharsets.US_ASCII);
        store.place(new Target("logs", "key-3"), new Label("text/plain", Map.of("order", "5/3")), earlier);

        assertThat(serve(1)).isTrue();

        assertThat(store.object(new Target("logs", "key-3"))).isEqualTo(earlier);
        assertThat(delivered()).hasSize(ORDERS);
        assertThat(clickHouse.offsets).anySatisfy(offsets -> assertThat(offsets).contains("\"bytes\":13,"));
    }

    @Test
    void whatIsSomebodyElsesIsNotReplaced() {
        byte[] theirs = "another line\n".getBytes(StandardCharsets.US_ASCII);
        store.place(new Target("logs", "key-3"), new Label("text/plain", Map.of()), theirs);

        assertThat(serve(1)).isFalse();
        assertThat(serve(LAST)).isTrue();

        assertThat(store.object(new Target("logs", "key-3"))).isEqualTo(theirs);
        assertThat(clickHouse.ended("delivered")).hasSize(ORDERS - 1);
        assertThat(buried).singleElement().satisfies(reason -> assertThat(reason)
                .contains("logs/key-3", "something else is there", "remove it"));
    }

    private Set<Integer> others() {
        return IntStream.range(0, ORDERS)
                .filter(number -> !clickHouse.bad.contains(number))
                .boxed()
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Those whose objects and whose offsets are there. */
    private Set<Integer> delivered() {
        Set<Integer> delivered = clickHouse.ended("delivered");
        assertThat(IntStream.range(0, ORDERS)
                        .filter(number -> store.object(new Target("logs", "key-" + number)) != null)
                        .boxed()
                        .collect(Collectors.toSet()))
                .isEqualTo(delivered);
        return delivered;
    }

    private boolean serve(int receives) {
        SQSMessage message = new SQSMessage();
        message.setMessageId("id");
        message.setBody(OrderMessage.of("main", 5, 0, ORDERS - 1).body());
        message.setAttributes(Map.of("ApproximateReceiveCount", Integer.toString(receives)));
        SQSEvent event = new SQSEvent();
        event.setRecords(List.of(message));
        try (WorkerHandler worker = new WorkerHandler(
                settings,
                false,
                lane -> clickHouse,
                store,
                new Burying(),
                time -> new Deadline(time, nanoseconds::get, () -> Instant.EPOCH))) {
            return worker.handleRequest(event, new WorkerHandlerTest.Clock((int)
                            Duration.ofMinutes(5).toMillis()))
                    .getBatchItemFailures()
                    .isEmpty();
        }
    }

    /** A ClickHouse that knows some orders of one row each, and cannot render all. */
    private static final class Orders implements ClickHouse {
        private static final Pattern NUMBERS = Pattern.compile("number IN \\(([0-9, ]+)\\)");
        private static final Pattern OUTCOME = Pattern.compile("\"number\":(\\d+),\"outcome\":\"(\\w+)\"");

        private final List<String> offsets = new ArrayList<>();
        private final List<String> shortfalls = new ArrayList<>();
        private Set<Integer> bad = Set.of();
        private Manner manner = Manner.AT_ONCE;
        private int code = CANNOT_PARSE_TEXT;
        private boolean isRowToBlame = true;
        private boolean isRefusingOffsets;
        private Runnable onRender = () -> {};
        private int renderings;

        Set<Integer> ended(String outcome) {
            Set<Integer> numbers = new TreeSet<>();
            for (String offset : offsets) {
                Matcher matcher = OUTCOME.matcher(offset);
                while (matcher.find()) {
                    if (matcher.group(2).equals(outcome)) {
                        numbers.add(Integer.parseInt(matcher.group(1)));
                    }
                }
            }
            return numbers;
        }

        @Override
        public InputStream query(Statement statement, String format) {
            return switch (statement.name()) {
                case "render-text-1.sql" -> rendered(statement, format);
                case "standing.sql" ->
                    list(IntStream.range(0, ORDERS).mapToObj(this::standing).collect(Collectors.joining(",")));
                default -> list("");
            };
        }

        private InputStream rendered(Statement statement, String format) {
            Matcher matcher = NUMBERS.matcher(statement.sql());
            assertThat(matcher.find()).isTrue();
            List<Integer> numbers = Arrays.stream(matcher.group(1).split(", "))
                    .map(Integer::valueOf)
                    .toList();
            boolean isAsked = format.equals("Null");
            if (!isAsked) {
                renderings++;
                onRender.run();
            }
            ByteArrayOutputStream frames = new ByteArrayOutputStream();
            for (int number : numbers) {
                if (bad.contains(number)) {
                    if (isAsked && !isRowToBlame) {
                        return new ByteArrayInputStream(new byte[0]);
                    }
                    String text = "Code: " + code + ". DB::Exception: no";
                    if (isAsked || manner == Manner.AT_ONCE) {
                        throw new RetryableException("failed: " + text, answer(code, text));
                    }
                    InputStream before = new ByteArrayInputStream(frames.toByteArray());
                    return manner == Manner.MIDWAY
                            ? new SequenceInputStream(before, new Broken())
                            : new SequenceInputStream(
                                    before,
                                    new ByteArrayInputStream(("\r\n__exception__\r\n" + text + "\r\n__exception__\r\n")
                                            .getBytes(StandardCharsets.US_ASCII)));
                }
                frames.writeBytes(ByteBuffer.allocate(Integer.BYTES + Long.BYTES + 1 + LINE.length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(number)
                        .putLong(IDENTITY)
                        .put((byte) LINE.length)
                        .put(LINE)
                        .array());
            }
            return new ByteArrayInputStream(frames.toByteArray());
        }

        /** What the client makes of an error. Its class comes with shared; this module has no dependency on it. */
        private static Throwable answer(int code, String text) {
            try {
                return Class.forName("com.clickhouse.client.api.ServerException")
                        .asSubclass(Throwable.class)
                        .getConstructor(int.class, String.class, int.class, String.class)
                        .newInstance(code, text, 500, "id");
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("the client has other exceptions now", e);
            }
        }

        private String standing(int number) {
            String outcomes = ended("delivered").contains(number)
                    ? "\"delivered\""
                    : ended("given_up").contains(number) ? "\"given_up\"" : "";
            return """
                    {"epoch": 5, "number": %1$d, "planned_at": "2026-01-02T03:04:05Z",
                     "session": 0, "bucket": "bucket-%1$d", "target_bucket": "logs", "target_prefix": "",
                     "from_epoch": 3, "to_epoch": 4, "rows": 1, "checksum": 7,
                     "min_inserted": "2026-01-02T03:00:00Z", "max_inserted": "2026-01-02T03:00:00Z",
                     "min_start": "2026-01-02T03:00:00Z", "max_start": "2026-01-02T03:00:00Z",
                     "key": "key-%1$d", "day": "", "rendering": "text-1", "compression": "none",
                     "source_region": "us-east-1", "more_columns": [], "replaces_epoch": 0, "replaces_number": 0,
                     "outcomes": [%2$s], "delivered_bytes": 0, "delivered_crc32c": 0, "short_since": null,
                     "now": "2026-01-02T03:05:00Z", "version": 3}
                    """.formatted(number, outcomes);
        }

        private static InputStream list(String rows) {
            return new ByteArrayInputStream("{\"data\":[%s]}".formatted(rows).getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void insert(String table, String format, byte[] rows, Map<String, String> settings) {
            if (isRefusingOffsets) {
                throw new RetryableException("refused on purpose");
            }
            (table.endsWith("offsets") ? offsets : shortfalls).add(new String(rows, StandardCharsets.UTF_8));
        }

        @Override
        public void close() {}
    }

    private static final class Broken extends InputStream {
        @Override
        public int read() throws IOException {
            throw new IOException("broken off on purpose");
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            return read();
        }
    }

    private final class Burying implements ReturnPath {
        @Override
        public void delay(String receiptHandle, Duration delay) {}

        @Override
        public void bury(String body, String reason) {
            buried.add(reason);
        }

        @Override
        public void send(List<? extends Message> messages) {}

        @Override
        public void close() {}
    }
}
