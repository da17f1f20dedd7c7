package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent.SQSMessage;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.message.Message;
import io.logcourier.message.OrderMessage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of an order is one line; here as a terminal shows it. */
class DeliveryLogTest {
    private static final String LINE = "a line\n";
    private static final long IDENTITY = 7;
    private static final int AN_HOUR = 3_600_000;
    private static final String ORDER = """
            {"epoch": 5, "number": 2, "planned_at": "2026-01-02T03:04:05Z",
             "session": 0, "bucket": "cats", "target_bucket": "logs", "target_prefix": "of-cats/",
             "from_epoch": 3, "to_epoch": 4, "rows": 1, "checksum": 7,
             "min_inserted": "2026-01-02T03:00:00Z", "max_inserted": "2026-01-02T03:00:00Z",
             "min_start": "2026-01-02T03:00:00Z", "max_start": "2026-01-02T03:00:00Z",
             "key": "of-cats/2026", "day": "", "rendering": "text-1", "compression": "none", "source_region": "us-east-1", "more_columns": [], "replaces_epoch": 0, "replaces_number": 0, "outcomes": [],
             "delivered_bytes": 0, "delivered_crc32c": 0, "short_since": null, "now": "2026-01-02T03:05:00Z", "version": 3}
            """;

    private final Settings settings = Settings.read(Map.of(), Map.of());
    private final MemoryStore store = new MemoryStore();
    private final PrintStream before = System.err;
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    @BeforeEach
    void listen() {
        System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void stopListening() {
        System.setErr(before);
    }

    @Test
    void aDeliveredOrderIsOneLine() {
        assertThat(failed(1)).isEmpty();

        assertThat(line())
                .matches(
                        "\\d\\d:\\d\\d:\\d\\d\\.\\d{3} INFO  Delivery: delivered lane=main epoch=5 order=5/2 bucket=cats"
                                + " rows=1 bytes=7 object=logs/of-cats/2026\n");
    }

    @Test
    void anOrderThatFailsIsOneLineWhetherItComesBackOrIsGivenUp() {
        store.failing(call -> {
            throw new TargetRefusedException("AccessDenied", null);
        });

        assertThat(failed(1)).containsExactly("id");

        assertThat(line())
                .endsWith(" WARN  MessageService: comes back lane=main epoch=5 order=5/2 bucket=cats messageId=id"
                        + " reason=AccessDenied\n");
        written.reset();

        assertThat(failed(settings.worker().attempts())).isEmpty();

        assertThat(line())
                .endsWith(" WARN  Delivery: gave up lane=main epoch=5 order=5/2 bucket=cats reason=AccessDenied\n");
    }

    /** All that was logged. */
    private String line() {
        String text = written.toString(StandardCharsets.UTF_8);
        assertThat(text.lines()).hasSize(1);
        return text;
    }

    private List<String> failed(int receives) {
        SQSMessage message = new SQSMessage();
        message.setMessageId("id");
        message.setBody(OrderMessage.of("main", 5, 2, 2).body());
        message.setAttributes(Map.of("ApproximateReceiveCount", Integer.toString(receives)));
        SQSEvent event = new SQSEvent();
        event.setRecords(List.of(message));
        try (WorkerHandler worker =
                new WorkerHandler(settings, false, lane -> new OneOrder(), store, new NoReturnPath(), Deadline::in)) {
            return worker.handleRequest(event, new WorkerHandlerTest.Clock(AN_HOUR)).getBatchItemFailures().stream()
                    .map(BatchItemFailure::getItemIdentifier)
                    .toList();
        }
    }

    /** A ClickHouse that knows one order. */
    private static final class OneOrder implements ClickHouse {
        @Override
        public InputStream query(Statement statement, String format) {
            if (format.equals("RowBinary")) {
                byte[] line = LINE.getBytes(StandardCharsets.US_ASCII);
                return new ByteArrayInputStream(ByteBuffer.allocate(Integer.BYTES + Long.BYTES + 1 + line.length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(2)
                        .putLong(IDENTITY)
                        .put((byte) line.length)
                        .put(line)
                        .array());
            }
            String rows = statement.sql().contains("delivered_crc32c") ? ORDER : "";
            return new ByteArrayInputStream("{\"data\":[%s]}".formatted(rows).getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void insert(String table, String format, byte[] rows, Map<String, String> settings) {}

        @Override
        public void close() {}
    }

    private static final class NoReturnPath implements ReturnPath {
        @Override
        public void delay(String receiptHandle, Duration delay) {}

        @Override
        public void bury(String body, String reason) {}

        @Override
        public void send(List<? extends Message> messages) {}

        @Override
        public void close() {}
    }
}
