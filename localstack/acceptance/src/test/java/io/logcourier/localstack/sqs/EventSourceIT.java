package io.logcourier.localstack.sqs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent.SQSMessage;
import io.logcourier.localstack.Stack;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;

class EventSourceIT {
    private static final Duration VISIBILITY = Duration.ofSeconds(1);
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SETTLED = Duration.ofMillis(200);
    private static final int MAX_RECEIVE_COUNT = 2;

    private final Map<String, Integer> received = new ConcurrentHashMap<>();
    private LocalSqs server;
    private SqsClient sqs;

    @BeforeEach
    void start() {
        server = new LocalSqs(0, Stack.CREDENTIALS, VISIBILITY, MAX_RECEIVE_COUNT);
        sqs = client(server.uri());
    }

    @AfterEach
    void stop() {
        sqs.close();
        server.close();
    }

    @Test
    void everyMessageIsHandledOnceAndDrainReturnsWhenAllAreDone() throws Exception {
        sqs.setQueueAttributes(request -> request.queueUrl(server.queueUrl().toString())
                .attributes(Map.of(QueueAttributeName.VISIBILITY_TIMEOUT, Long.toString(LONG.toSeconds()))));
        send(95);

        try (EventSource source = source(10, 4, (event, context) -> count(event))) {
            assertThat(source.drain(LONG, SETTLED)).isTrue();
        }
        assertThat(received).hasSize(95);
        assertThat(received.values()).containsOnly(1);
    }

    @Test
    void failedMessagesComeBackUntilTheDeadLetterQueueTakesThemAndSucceededOnesDoNot() throws Exception {
        send(6);

        try (EventSource source = source(10, 1, (event, context) -> {
            count(event);
            return failures(event.getRecords().stream()
                    .filter(message -> message.getBody().endsWith("3"))
                    .toList());
        })) {
            assertThat(source.drain(LONG, SETTLED)).isTrue();
        }
        assertThat(received).hasSize(6).containsEntry("order 3", MAX_RECEIVE_COUNT);
        assertThat(received.values()).containsOnlyOnce(MAX_RECEIVE_COUNT);
        assertThat(deadLetters()).containsExactly("order 3");
    }

    @Test
    void anExceptionBringsTheWholeBatchBack() throws Exception {
        send(3);
        AtomicInteger calls = new AtomicInteger();

        try (EventSource source = source(10, 1, (event, context) -> {
            count(event);
            if (calls.incrementAndGet() == 1) {
                throw new IllegalStateException("failed on purpose");
            }
            return null;
        })) {
            assertThat(source.drain(LONG, SETTLED)).isTrue();
        }
        assertThat(received).hasSize(3);
        assertThat(received.values()).containsOnly(2);
        assertThat(deadLetters()).isEmpty();
    }

    @Test
    void anAnswerAfterTheTimeoutDoesNotCount() throws Exception {
        send(1);

        EventSource.Mapping mapping = new EventSource.Mapping(server.queueUrl(), "worker", Duration.ofMillis(10), 1, 1);
        try (EventSource source = new EventSource(sqs, mapping, (event, context) -> {
            count(event);
            pause(Duration.ofMillis(20));
            return null;
        })) {
            assertThat(source.drain(LONG, SETTLED)).isTrue();
        }
        assertThat(received).containsExactly(Map.entry("order 0", MAX_RECEIVE_COUNT));
        assertThat(deadLetters()).containsExactly("order 0");
    }

    @Test
    void theFunctionMayShortenTheWait() throws Exception {
        try (LocalSqs patient = new LocalSqs(0, Stack.CREDENTIALS, Duration.ofMinutes(10));
                SqsClient client = client(patient.uri())) {
            client.sendMessage(
                    request -> request.queueUrl(patient.queueUrl().toString()).messageBody("order 0"));
            RequestHandler<SQSEvent, SQSBatchResponse> function = (event, context) -> {
                count(event);
                SQSMessage message = event.getRecords().getFirst();
                if ("2".equals(message.getAttributes().get("ApproximateReceiveCount"))) {
                    return null;
                }
                client.changeMessageVisibility(
                        request -> request.queueUrl(patient.queueUrl().toString())
                                .receiptHandle(message.getReceiptHandle())
                                .visibilityTimeout(0));
                return failures(event.getRecords());
            };
            EventSource.Mapping mapping = new EventSource.Mapping(patient.queueUrl(), "worker", LONG, 1, 1);
            try (EventSource source = new EventSource(client, mapping, function)) {
                assertThat(source.drain(LONG, SETTLED)).isTrue();
            }
        }
        assertThat(received).containsExactly(Map.entry("order 0", 2));
    }

    @Test
    void noMoreInvocationsAtOnceThanAllowedAndNoMessageWaitsForOne() throws Exception {
        send(40);
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();

        try (EventSource source = source(2, 3, (event, context) -> {
            assertThat(event.getRecords()).hasSizeLessThanOrEqualTo(2);
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            pause(Duration.ofMillis(150));
            running.decrementAndGet();
            return count(event);
        })) {
            assertThat(source.drain(LONG, SETTLED)).isTrue();
        }
        assertThat(most).hasValue(3);
        // Had messages waited for an invocation, the visibility timeout would have delivered some twice.
        assertThat(received).hasSize(40);
        assertThat(received.values()).containsOnly(1);
    }

    @Test
    void drainWaitsForDelayedMessages() throws Exception {
        sqs.sendMessage(request -> request.queueUrl(server.queueUrl().toString())
                .messageBody("order 0")
                .delaySeconds(1));

        try (EventSource source = source(10, 1, (event, context) -> count(event))) {
            assertThat(source.drain(LONG, SETTLED)).isTrue();
        }
        assertThat(received).containsKey("order 0");
    }

    @Test
    void drainGivesUpAtItsDeadline() throws Exception {
        send(1);
        CountDownLatch release = new CountDownLatch(1);

        try (EventSource source = source(10, 1, (event, context) -> {
            await(release);
            return count(event);
        })) {
            assertThat(source.drain(Duration.ofMillis(300), SETTLED)).isFalse();
            release.countDown();
        }
        assertThat(received).hasSize(1);
    }

    @Test
    void startedItTakesWhatArrivesAndCloseWaitsForIt() {
        CountDownLatch started = new CountDownLatch(1);
        EventSource source = source(10, 1, (event, context) -> {
            started.countDown();
            pause(Duration.ofMillis(300));
            return count(event);
        });
        source.start();
        assertThatThrownBy(source::start).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> source.drain(LONG, SETTLED)).isInstanceOf(IllegalStateException.class);

        send(1);
        await(started);
        assertThat(source.close(LONG)).isTrue();

        assertThat(received).hasSize(1);
    }

    @Test
    void anInvocationThatOutlivesTheGraceIsInterruptedAndItsMessageStays() {
        CountDownLatch started = new CountDownLatch(1);
        EventSource source = source(10, 1, (event, context) -> {
            started.countDown();
            pause(LONG);
            return null;
        });
        source.start();
        send(1);
        await(started);

        assertThat(source.close(Duration.ofMillis(50))).isFalse();

        Awaitility.await()
                .untilAsserted(() -> assertThat(bodies(server.queueUrl())).containsExactly("order 0"));
    }

    @Test
    void aQueueThatComesLateIsPolledOnceItIsThere() {
        int port = server.uri().getPort();
        server.close();
        try (EventSource source = source(10, 1, (event, context) -> count(event))) {
            source.start();
            pause(Duration.ofMillis(500));
            server = new LocalSqs(port, Stack.CREDENTIALS, VISIBILITY, MAX_RECEIVE_COUNT);
            send(1);
            Awaitility.await().atMost(LONG).untilAsserted(() -> assertThat(received)
                    .hasSize(1));
        }
    }

    private EventSource source(
            int batchSize, int maximumConcurrency, RequestHandler<SQSEvent, SQSBatchResponse> function) {
        return new EventSource(
                sqs,
                new EventSource.Mapping(server.queueUrl(), "worker", LONG, batchSize, maximumConcurrency),
                function);
    }

    private SQSBatchResponse count(SQSEvent event) {
        event.getRecords().forEach(message -> received.merge(message.getBody(), 1, Integer::sum));
        return null;
    }

    private static SQSBatchResponse failures(List<SQSMessage> messages) {
        return new SQSBatchResponse(messages.stream()
                .map(message -> new BatchItemFailure(message.getMessageId()))
                .toList());
    }

    private void send(int messages) {
        for (int first = 0; first < messages; first += 10) {
            List<SendMessageBatchRequestEntry> entries = IntStream.range(first, Math.min(first + 10, messages))
                    .mapToObj(number -> SendMessageBatchRequestEntry.builder()
                            .id("id" + number)
                            .messageBody("order " + number)
                            .build())
                    .toList();
            assertThat(sqs.sendMessageBatch(request -> request.queueUrl(
                                            server.queueUrl().toString())
                                    .entries(entries))
                            .failed())
                    .isEmpty();
        }
    }

    private List<String> deadLetters() {
        return bodies(server.deadLetterQueueUrl());
    }

    private List<String> bodies(URI queue) {
        return sqs
                .receiveMessage(request -> request.queueUrl(queue.toString()).maxNumberOfMessages(10))
                .messages()
                .stream()
                .map(Message::body)
                .toList();
    }

    private static SqsClient client(URI endpoint) {
        return SqsClient.builder()
                .endpointOverride(endpoint)
                .region(Region.of(LocalSqs.REGION))
                .credentialsProvider(StaticCredentialsProvider.create(Stack.CREDENTIALS))
                .build();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
