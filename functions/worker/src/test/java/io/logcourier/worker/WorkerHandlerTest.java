package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent.SQSMessage;
import io.logcourier.ConfigurationException;
import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.message.Message;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.ReplayMessage;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WorkerHandlerTest {
    private static final int AN_HOUR = 3_600_000;
    private static final String ORDER = OrderMessage.of("main", 5, 0, 0).body();

    private final Empty clickHouse = new Empty();
    private final Return returnPath = new Return();
    private final WorkerHandler worker = new WorkerHandler(
            Settings.read(Map.of("worker.retry-delay", "10s"), Map.of()),
            false,
            lane -> clickHouse,
            new MemoryStore(),
            returnPath,
            Deadline::in);

    @AfterEach
    void close() {
        worker.close();
    }

    @Test
    void aBatchOfNothingFailsNothing() {
        assertThat(failed(AN_HOUR)).isEmpty();
    }

    @Test
    void poisonIsBuriedWithTheReasonAndDoesNotComeBack() {
        assertThat(failed(AN_HOUR, message(0, "{\"version\":", 1))).isEmpty();

        assertThat(returnPath.buried).singleElement().satisfies(letter -> {
            assertThat(letter.body()).isEqualTo("{\"version\":");
            assertThat(letter.reason()).startsWith("no message");
        });
        assertThat(returnPath.delays).isEmpty();
    }

    @Test
    void poisonThatCannotBeBuriedComesBack() {
        returnPath.failing = true;

        assertThat(failed(AN_HOUR, message(0, "garbage", 1))).containsExactly("id-0");
    }

    @Test
    void anOrderThatIsNotKnownComesBackLaterEachTimeAndIsBuriedInTheEnd() {
        for (int times : List.of(1, 2, 3)) {
            assertThat(failed(AN_HOUR, message(0, ORDER, times))).containsExactly("id-0");
        }
        assertThat(returnPath.buried).isEmpty();

        assertThat(failed(AN_HOUR, message(0, ORDER, 4))).isEmpty();

        assertThat(returnPath.delays).extracting(Duration::toSeconds).containsExactly(10L, 20L, 40L);
        assertThat(returnPath.buried).singleElement().satisfies(letter -> {
            assertThat(letter.body()).isEqualTo(ORDER);
            assertThat(letter.reason()).contains("knows 0 of the orders 5/0 to 0");
        });
    }

    @Test
    void anOrderIsNotBuriedWhereTheReplicaLags() {
        clickHouse.head = """
                {"now": "2026-01-02T00:00:00Z", "epoch": 5, "planned_at": "2026-01-01T00:00:00Z", "planner": "p",
                 "ledger": "l", "log_table": "", "server": "", "claims": [], "frontier": [], "order_count": 1, "ordered_through": 5,
                 "sent_through": 5, "redelivered_at": "2026-01-01T00:00:00Z", "open_from": 5, "accounted": false, "claimed_rows": 0, "indexed": true, "parts": [], "version": 2,
                 "lagging": 1}
                """;

        assertThat(failed(AN_HOUR, message(0, ORDER, 7))).containsExactly("id-0");

        assertThat(returnPath.buried).isEmpty();
    }

    @Test
    void noDelayIsLongerThanAQuarterOfAnHour() {
        for (int times : List.of(4, 5, 6, 7, 8, 1_000_000)) {
            assertThat(failed(29_999, message(0, ORDER, times))).containsExactly("id-0");
        }

        assertThat(returnPath.delays)
                .extracting(Duration::toSeconds)
                .containsExactly(80L, 160L, 320L, 640L, 900L, 900L);
    }

    @Test
    void copiesGoOnlyWhereTheSettingsAllow() {
        List<String> refused =
                List.of("elsewhere/x/", "copies", "copies/", "copies/of", "copies-2/of/cats", "whole-2", "");
        List<String> allowed = List.of("copies/of/", "copies/of/cats", "whole", "whole/", "whole/x");
        try (WorkerHandler handler = new WorkerHandler(
                Settings.read(Map.of("worker.replay-targets", "copies/of/, whole"), Map.of()),
                false,
                lane -> clickHouse,
                new MemoryStore(),
                returnPath,
                Deadline::in)) {
            for (String target : refused) {
                handler.handleRequest(event(message(0, replay(target), 1)), new Clock(AN_HOUR));
                handler.handleRequest(event(message(0, copy(target), 1)), new Clock(AN_HOUR));
            }
            assertThat(clickHouse.queries).hasValue(0);
            assertThat(returnPath.buried).hasSize(refused.size() * 2).allSatisfy(letter -> assertThat(letter.reason())
                    .contains("worker.replay-targets"));

            for (String target : allowed) {
                handler.handleRequest(event(message(0, replay(target), 1)), new Clock(AN_HOUR));
            }
            assertThat(clickHouse.queries).hasValue(allowed.size());
            assertThat(returnPath.buried).hasSize(refused.size() * 2);
        }
    }

    private static String replay(String target) {
        return new ReplayMessage(
                        Message.VERSION,
                        "main",
                        "cats",
                        Instant.EPOCH,
                        Instant.EPOCH.plusSeconds(1),
                        Optional.of(target))
                .body();
    }

    private static String copy(String target) {
        return new OrderMessage(Message.VERSION, "main", 5, 0, 0, true, Optional.of(target)).body();
    }

    @Test
    void aMessageComesBackEvenWhereItsDelayCannotBeSet() {
        returnPath.failing = true;

        assertThat(failed(AN_HOUR, message(0, ORDER, 1))).containsExactly("id-0");
    }

    @Test
    void aMessageWithoutAttributesCountsAsReceivedOnce() {
        SQSMessage message = message(0, ORDER, 1);
        message.setAttributes(null);

        assertThat(failed(AN_HOUR, message)).containsExactly("id-0");
        assertThat(returnPath.delays).containsExactly(Duration.ofSeconds(10));
    }

    @Test
    void messagesOfABatchFailAlone() {
        assertThat(failed(
                        AN_HOUR,
                        message(0, "garbage", 1),
                        message(1, ORDER, 1),
                        message(2, "null", 1),
                        message(3, OrderMessage.of("other", 5, 0, 0).body(), 1)))
                .containsExactly("id-1", "id-3");
        assertThat(returnPath.buried).extracting(Letter::body).containsExactlyInAnyOrder("garbage", "null");
    }

    @Test
    void noMessageStartsThatCouldNotBeFinished() {
        SQSMessage[] messages =
                IntStream.range(0, 3).mapToObj(i -> message(i, ORDER, 1)).toArray(SQSMessage[]::new);

        assertThat(failed(29_999, messages)).containsExactly("id-0", "id-1", "id-2");

        assertThat(clickHouse.queries).hasValue(0);
    }

    @Test
    void aFunctionThatMayRunLongerThanOrdersWaitThatLostRowsRefusesToRun() {
        try (WorkerHandler handler = new WorkerHandler(
                Settings.read(Map.of("worker.supersede-after", "5m"), Map.of()),
                true,
                lane -> clickHouse,
                new MemoryStore(),
                returnPath,
                Deadline::in)) {
            assertThatThrownBy(() -> handler.handleRequest(event(message(0, ORDER, 1)), new Clock(226_000)))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("worker.supersede-after is 300s")
                    .hasMessageContaining("226s")
                    .hasMessageContaining("raise it to 302s");
            assertThat(clickHouse.queries).hasValue(0);
            assertThat(returnPath.buried).isEmpty();

            assertThat(handler.handleRequest(event(message(0, ORDER, 1)), new Clock(225_000))
                            .getBatchItemFailures())
                    .hasSize(1);
            assertThat(clickHouse.queries).hasPositiveValue();
        }
    }

    private List<String> failed(int remainingMillis, SQSMessage... messages) {
        return worker.handleRequest(event(messages), new Clock(remainingMillis)).getBatchItemFailures().stream()
                .map(BatchItemFailure::getItemIdentifier)
                .toList();
    }

    private static SQSEvent event(SQSMessage... messages) {
        SQSEvent event = new SQSEvent();
        event.setRecords(List.of(messages));
        return event;
    }

    private static SQSMessage message(int id, String body, int receives) {
        SQSMessage message = new SQSMessage();
        message.setMessageId("id-" + id);
        message.setReceiptHandle("handle-" + id);
        message.setBody(body);
        message.setAttributes(Map.of("ApproximateReceiveCount", Integer.toString(receives)));
        return message;
    }

    /** A ClickHouse in which there is nothing, or only a head of the log. */
    private static final class Empty implements ClickHouse {
        private final AtomicInteger queries = new AtomicInteger();
        private String head = "";

        @Override
        public InputStream query(Statement statement, String format) {
            queries.incrementAndGet();
            String row = statement.name().equals("head.sql") ? head : "";
            return new ByteArrayInputStream("{\"data\":[%s]}".formatted(row).getBytes(StandardCharsets.US_ASCII));
        }

        @Override
        public void insert(String table, String format, byte[] rows, Map<String, String> settings) {}

        @Override
        public void close() {}
    }

    private record Letter(String body, String reason) {}

    private static final class Return implements ReturnPath {
        private final Queue<Letter> buried = new ConcurrentLinkedQueue<>();
        private final Queue<Duration> delays = new ConcurrentLinkedQueue<>();
        private final Queue<String> sent = new ConcurrentLinkedQueue<>();
        private boolean failing;

        @Override
        public void delay(String receiptHandle, Duration delay) {
            check();
            delays.add(delay);
        }

        @Override
        public void bury(String body, String reason) {
            check();
            buried.add(new Letter(body, reason));
        }

        @Override
        public void send(List<? extends Message> messages) {
            check();
            messages.forEach(message -> sent.add(message.body()));
        }

        private void check() {
            if (failing) {
                throw new RetryableException("failed on purpose");
            }
        }

        @Override
        public void close() {}
    }

    /** Knows nothing but the time that is left. */
    record Clock(int remainingMillis) implements Context {
        @Override
        public int getRemainingTimeInMillis() {
            return remainingMillis;
        }

        @Override
        public String getAwsRequestId() {
            return "request";
        }

        @Override
        public String getLogGroupName() {
            return "group";
        }

        @Override
        public String getLogStreamName() {
            return "stream";
        }

        @Override
        public String getFunctionName() {
            return "worker";
        }

        @Override
        public String getFunctionVersion() {
            return "1";
        }

        @Override
        public String getInvokedFunctionArn() {
            return "arn";
        }

        @Override
        public CognitoIdentity getIdentity() {
            return null;
        }

        @Override
        public ClientContext getClientContext() {
            return null;
        }

        @Override
        public int getMemoryLimitInMB() {
            return 1;
        }

        @Override
        public LambdaLogger getLogger() {
            return null;
        }
    }
}
