package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.PoisonMessageException;
import io.logcourier.RetryableException;
import io.logcourier.discovery.DiscoveryHandler;
import io.logcourier.localstack.lambda.LocalContext;
import io.logcourier.localstack.lambda.Ticks;
import io.logcourier.localstack.lambda.Ticks.Answer;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.message.Tick;
import io.logcourier.operations.AuditReport;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequest;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResponse;
import software.amazon.awssdk.services.sqs.model.SqsException;

/** What schedulers, queues, functions and operators do to an installation on a bad day. */
class TroubleIT {
    private static final Tick FLUSH = new Tick(Optional.empty(), true, false);

    @RegisterExtension
    static final Stack STACK = new Stack();

    @ParameterizedTest
    @ValueSource(
            strings = {"", "no JSON", "[]", "{\"flush\":", "{\"lane\":\"other\"}", "\u0000", "{\"flush\":\"perhaps\"}"})
    void aTickThatMakesNoSenseDoesNothingAndTheNextOneWorks(String payload) throws Exception {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 3);
        courier.insert(rows);
        try (DiscoveryHandler discovery = new DiscoveryHandler(courier.settings())) {
            assertThatThrownBy(() -> Ticks.tick(discovery, payload, Duration.ofMinutes(1), new ByteArrayOutputStream()))
                    .isInstanceOf(PoisonMessageException.class);
        }
        assertThat(courier.number("SELECT max(epoch) FROM {ledger}.epochs")).isZero();

        courier.deliver("after " + payload, rows);
    }

    @Test
    void aSchedulerThatFiresTenTimesAtOnceDoesTheWorkOnce() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 50);
        courier.insert(rows);

        List<Answer> answers = IntStream.range(0, 10)
                .parallel()
                .mapToObj(i -> courier.tick(FLUSH))
                .toList();
        courier.drain();

        assertThat(answers.stream().mapToInt(Answer::orders).sum()).isOne();
        assertThat(courier.assertDelivered("ten ticks at once", rows).isWell()).isTrue();
    }

    @Test
    void aFunctionThatHasTooLittleTimeLeftStartsNothingAndTheRestComesBack() throws Exception {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        try (DiscoveryHandler discovery = new DiscoveryHandler(courier.settings())) {
            Ticks.tick(discovery, FLUSH.payload(), Duration.ofSeconds(5), answer);
        }
        assertThat(answer.toString(StandardCharsets.UTF_8)).contains("\"epochs\":0");
        courier.flush();

        assertThat(courier.serve((event, context) ->
                        courier.worker().handleRequest(event, new LocalContext("worker", Duration.ofSeconds(5)))))
                .isTrue();

        assertThat(courier.number("SELECT count() FROM {ledger}.offsets")).isZero();
        assertThat(courier.objects(courier.target())).isEmpty();
        courier.drain();
        assertThat(courier.assertDelivered("with time enough", rows).isWell()).isTrue();
    }

    @Test
    void messagesThatComeThreeTimesAndInAnyOrderAreServedOnce() {
        Installation courier = STACK.installation();
        List<LogRow> rows = new ArrayList<>();
        List<String> bodies = new ArrayList<>();
        for (int round = 0; round < 5; round++) {
            List<LogRow> batch = rows(courier, "bucket-" + round, 5);
            courier.insert(batch);
            rows.addAll(batch);
            courier.flush();
            courier.receive(courier.settings().queue().url()).stream()
                    .map(Message::body)
                    .forEach(body -> bodies.addAll(List.of(body, body, body)));
        }
        long seed = System.nanoTime();
        Collections.shuffle(bodies, new Random(seed));
        bodies.forEach(courier::send);

        courier.drain();

        AuditReport report = courier.assertDelivered("seed " + seed, rows);
        assertThat(report.isWell()).isTrue();
        assertThat(report.balance().objects()).isEqualTo(5);
    }

    @Test
    void aBatchThatSqsRefusesInPartIsSentToTheEnd() {
        Installation courier = STACK.installation();
        List<OrderMessage> messages = messages(25);
        int[] calls = {0};
        SqsClient sqs = sending(courier, request -> {
            calls[0]++;
            // Every other call keeps the odd entries from the queue.
            return calls[0] % 2 == 0
                    ? request
                    : request.toBuilder()
                            .entries(request.entries().stream()
                                    .filter(entry -> Integer.parseInt(entry.id()) % 2 == 0)
                                    .toList())
                            .build();
        });

        new SqsOrderQueue(sqs, courier.settings().queue().url()).send(messages);

        assertThat(courier.receive(courier.settings().queue().url()))
                .extracting(Message::body)
                .containsExactlyInAnyOrderElementsOf(
                        messages.stream().map(OrderMessage::body).toList());
    }

    @Test
    void aThrottledQueueFailsTheSend() {
        Installation courier = STACK.installation();
        SqsClient throttled = sending(courier, request -> {
            throw SqsException.builder()
                    .message("RequestThrottled")
                    .statusCode(400)
                    .build();
        });
        assertThatThrownBy(() ->
                        new SqsOrderQueue(throttled, courier.settings().queue().url()).send(messages(1)))
                .isInstanceOf(RetryableException.class)
                .hasMessageContaining("RequestThrottled");
    }

    @Test
    void aPurgedQueueLosesNothing() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        courier.flush();
        courier.sqs()
                .purgeQueue(
                        request -> request.queueUrl(courier.settings().queue().url()));
        courier.drain();
        assertThat(courier.books().balance().open()).isEqualTo(10);

        courier.tick(new Tick(Optional.empty(), false, true));
        courier.drain();

        assertThat(courier.assertDelivered("redelivered", rows).isWell()).isTrue();
    }

    @Test
    void aPartitionDroppedBeforeItsRowsWereDeliveredIsNamedAndTheRestDelivered() {
        Installation courier = STACK.installation(Map.of("worker.supersede-after", "0.2s"));
        String hour = Installation.hoursAgo(3);
        List<LogRow> kept = rows(courier, "kept", 5);
        List<LogRow> gone = rows(courier, "gone", 7).stream()
                .map(row -> row.with("insertedAt", hour))
                .toList();
        courier.insert(Stream.of(kept, gone).flatMap(List::stream).toList());
        courier.flush();
        courier.execute("ALTER TABLE {logs}.access_logs DROP PARTITION '" + hour + "'");

        courier.drain();
        courier.tick(FLUSH);
        courier.drain();

        AuditReport report = courier.assertDelivered("what was kept", kept);
        assertThat(report.balance().lost()).isEqualTo(7);
        assertThat(report.isWell()).isFalse();
        assertThat(report.lost()).singleElement().satisfies(lost -> {
            assertThat(lost.bucket()).isEqualTo("gone");
            assertThat(lost.reason()).isEqualTo("7 of 7 rows are gone from the log table");
        });
        assertThat(courier.flush().isIdle()).isTrue();
    }

    @Test
    void aTableThatRefusesInsertsStopsOffsetsAndNothingElse() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        courier.flush();
        courier.execute("RENAME TABLE {ledger}.offsets TO {ledger}.away");
        courier.execute("CREATE TABLE {ledger}.offsets AS {ledger}.away");
        courier.execute("ALTER TABLE {ledger}.offsets ADD CONSTRAINT refuse CHECK epoch = 0");

        courier.drain();
        assertThat(courier.objects(courier.target()))
                .as("written, not committed")
                .hasSize(1);
        assertThat(courier.books().balance().open()).isEqualTo(10);
        Map<String, byte[]> before = courier.objects(courier.target());
        courier.execute("ALTER TABLE {ledger}.offsets DROP CONSTRAINT refuse");
        courier.redrive();
        courier.drain();

        assertThat(courier.objects(courier.target())).containsExactlyEntriesOf(before);
        assertThat(courier.assertDelivered("mended", rows).isWell()).isTrue();
    }

    /** The queue of an installation; batches pass through {@code change}, and what it takes out is refused. */
    private static SqsClient sending(Installation courier, UnaryOperator<SendMessageBatchRequest> change) {
        return (SqsClient) Proxy.newProxyInstance(
                SqsClient.class.getClassLoader(), new Class<?>[] {SqsClient.class}, (proxy, method, arguments) -> {
                    if (method.isDefault()
                            && method.getName().equals("sendMessageBatch")
                            && arguments[0] instanceof Consumer<?>) {
                        return InvocationHandler.invokeDefault(proxy, method, arguments);
                    }
                    if (arguments != null
                            && arguments.length == 1
                            && arguments[0] instanceof SendMessageBatchRequest request) {
                        SendMessageBatchRequest changed = change.apply(request);
                        SendMessageBatchResponse sent = courier.sqs().sendMessageBatch(changed);
                        List<String> passed = changed.entries().stream()
                                .map(entry -> entry.id())
                                .toList();
                        return sent.toBuilder()
                                .failed(request.entries().stream()
                                        .filter(entry -> !passed.contains(entry.id()))
                                        .map(entry -> BatchResultErrorEntry.builder()
                                                .id(entry.id())
                                                .message("refused on purpose")
                                                .build())
                                        .toList())
                                .build();
                    }
                    try {
                        return method.invoke(courier.sqs(), arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private static List<OrderMessage> messages(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> OrderMessage.of("main", 1, i, i))
                .toList();
    }

    private static List<LogRow> rows(Installation courier, String bucket, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> LogRow.of(bucket, bucket + "-" + i, courier.target()))
                .toList();
    }
}
