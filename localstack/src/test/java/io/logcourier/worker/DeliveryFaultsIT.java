package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.ledger.Ledger;
import io.logcourier.localstack.Faults;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.message.OrderMessage;
import io.logcourier.operations.AuditReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import software.amazon.awssdk.services.sqs.model.Message;

/** A worker that dies at any call leaves nothing that the next one does not complete, to the same bytes. */
class DeliveryFaultsIT {
    private static final String PADDING = "p".repeat(200_000);
    private static final int FEWEST_CALLS = 2;

    @RegisterExtension
    static final Stack STACK = new Stack();

    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void stopUploads() {
        executor.close();
    }

    @ParameterizedTest
    @EnumSource
    void whateverCallAWorkerDiesAtTheNextOneDeliversTheSame(Faults.Kind kind) {
        List<LogRow> rows = new ArrayList<>();
        Installation courier = STACK.installation(Map.of("worker.part-size", "5MiB", "worker.uploads", "1"));
        try (S3ObjectStore store = new S3ObjectStore(courier.settings())) {
            boolean struck = true;
            for (int at = 1; struck; at++) {
                String description = "%s at call %d".formatted(kind, at);
                insert(courier, at, rows);
                courier.flush();
                List<OrderMessage> messages = courier
                        .receive(courier.settings().queue().url())
                        .stream()
                        .map(Message::body)
                        .map(body -> (OrderMessage) io.logcourier.message.Message.parse(body))
                        .toList();
                Faults faults = new Faults(kind, at);

                struck = isStruck(delivery(courier, faults, store), messages, faults, description);
                Map<String, byte[]> left = courier.objects(courier.target(), at + "/");
                Delivery whole = delivery(courier, new Faults(kind, Integer.MAX_VALUE), store);
                for (OrderMessage message : messages) {
                    assertThat(whole.deliver(message)).as(description).isEmpty();
                }

                assertThat(courier.objects(courier.target(), at + "/"))
                        .as(description)
                        .hasSize(3)
                        .containsAllEntriesOf(left);
                AuditReport books = courier.books();
                assertThat(books.differences()).as(description).isEmpty();
                assertThat(books.undelivered()).as(description).isEmpty();
                assertThat(struck || at > FEWEST_CALLS)
                        .as("%s, the first of which there is none: so few calls?", description)
                        .isTrue();
            }
            courier.assertDelivered(kind.toString(), rows);
        }
    }

    /** Whether the fault came; then something must have failed, or the call was not needed. */
    private static boolean isStruck(Delivery delivery, List<OrderMessage> messages, Faults faults, String description) {
        for (OrderMessage message : messages) {
            try {
                assertThat(delivery.deliver(message).isEmpty() || faults.struck())
                        .as(description)
                        .isTrue();
            } catch (RetryableException e) {
                assertThat(faults.struck()).as(description).isTrue();
            }
        }
        return faults.struck();
    }

    private Delivery delivery(Installation courier, Faults faults, ObjectStore store) {
        ClickHouse clickHouse = faults.on(courier.clickHouse());
        return new Delivery(
                courier.lane().name(),
                new Ledger(clickHouse, courier.lane()),
                new AccessLogTable(clickHouse, courier.lane()),
                new FaultyStore(store, faults),
                courier.settings().worker(),
                executor);
    }

    /** Two buckets with an object of one part, one with an object of two. */
    private static void insert(Installation courier, int round, List<LogRow> rows) {
        List<LogRow> batch = new ArrayList<>();
        batch.add(row(courier, "first", round, 0));
        batch.add(row(courier, "second", round, 0));
        for (int i = 0; i < 30; i++) {
            batch.add(row(courier, "third", round, i).with("userAgent", PADDING));
        }
        courier.insert(batch);
        rows.addAll(batch);
    }

    private static LogRow row(Installation courier, String bucket, int round, int number) {
        return LogRow.of(bucket, "%d-%02d".formatted(round, number), courier.target())
                .with("loggingTargetPrefix", round + "/" + bucket + "/");
    }

    private record FaultyStore(ObjectStore real, Faults faults) implements ObjectStore {
        @Override
        public void put(Target target, Part body) {
            faults.run(() -> real.put(target, body));
        }

        @Override
        public Optional<Stored> find(Target target) {
            return faults.call(() -> real.find(target));
        }

        @Override
        public Upload begin(Target target) {
            Upload upload = faults.call(() -> real.begin(target));
            return new Upload() {
                @Override
                public void part(int number, Part body) {
                    faults.run(() -> upload.part(number, body));
                }

                @Override
                public void complete() {
                    faults.run(upload::complete);
                }

                @Override
                public void abort() {
                    faults.run(upload::abort);
                }
            };
        }

        @Override
        public void close() {}
    }
}
