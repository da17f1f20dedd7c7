package io.logcourier.localstack.deployment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import io.logcourier.PoisonMessageException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.discovery.DiscoveryHandler;
import io.logcourier.localstack.GeneratedRows;
import io.logcourier.localstack.LaptopStack;
import io.logcourier.localstack.LaptopStack.Layout;
import io.logcourier.localstack.Stack;
import io.logcourier.localstack.lambda.LocalContext;
import io.logcourier.localstack.lambda.Ticks;
import io.logcourier.operations.Loader;
import io.logcourier.worker.WorkerHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.Message;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

/** Each file in events/ does what its README says. */
@TestInstance(Lifecycle.PER_CLASS)
class EventsIT {
    private static final int BUCKETS = 10;
    private static final Duration TIMEOUT = Duration.ofMinutes(5);
    private static final JsonMapper EVENTS = JsonMapper.builder()
            .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_PROPERTIES)
            .build();

    private LaptopStack stack;
    private S3Client s3;
    private SqsClient sqs;
    private WorkerHandler worker;
    private DiscoveryHandler discovery;

    /** Rows of ten buckets, claimed by the tick in epoch 1 and ordered by the flushing one in epoch 2. */
    @BeforeAll
    void start(@TempDir Path data) throws IOException {
        stack = Stack.start(Layout.of(Optional.of(data)), Map.of("worker.replay-targets", "access-logs/copies"));
        s3 = stack.s3();
        sqs = stack.sqs();
        stack.makeBucket("access-logs");
        try (ClickHouse clickHouse = stack.clickHouse()) {
            new Loader(clickHouse, stack.settings().lane())
                    .load("rows", new GeneratedRows(2000, BUCKETS, 1), rows -> {});
        }
        worker = new WorkerHandler(stack.settings());
        discovery = new DiscoveryHandler(stack.settings());
        assertThat(tick("tick.json"))
                .isEqualTo(Map.of(
                        "lane",
                        "main",
                        "epochs",
                        1,
                        "rows",
                        2000,
                        "orders",
                        0,
                        "messages",
                        0,
                        "redelivered",
                        0,
                        "rows_left_alone",
                        0,
                        "left_alone",
                        List.of()));
        assertThat(tick("tick-flush.json")).containsEntry("orders", BUCKETS).containsEntry("lane", "main");
    }

    @AfterAll
    void stop() {
        discovery.close();
        worker.close();
        sqs.close();
        s3.close();
        stack.close();
    }

    @Test
    void aTickForAnUnknownLaneFails() {
        assertThatThrownBy(() -> tick("tick-unknown-lane.json"))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessageContaining("elsewhere");
    }

    @Test
    void workOrdersAreDeliveredOnceHoweverOftenTheyCome() {
        assertThat(failures("work-order.json")).isEmpty();
        List<S3Object> first = objects();
        assertThat(failures("work-order.json")).isEmpty();
        assertThat(objects()).isEqualTo(first).isNotEmpty();

        assertThat(failures("work-order-batch.json")).isEmpty();

        assertThat(objects()).hasSize(BUCKETS).containsAll(first);
    }

    @Test
    void aTickThatMakesNoSenseFails() {
        assertThatThrownBy(() -> tick("tick-broken.json"))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessageContaining("perhaps");
    }

    @ParameterizedTest
    @CsvSource({"work-order-broken.json, no message", "replay-broken.json, a replay needs"})
    void aMessageThatMakesNoSenseIsPutIntoTheDeadLetterQueueWithTheReason(String name, String reason) {
        String deadLetters = stack.deadLetterUrl().orElseThrow().toString();
        sqs.purgeQueue(request -> request.queueUrl(deadLetters));

        assertThat(failures(name)).isEmpty();

        List<Message> dead = sqs.receiveMessage(
                        request -> request.queueUrl(deadLetters).messageAttributeNames("All"))
                .messages();
        assertThat(dead).singleElement().satisfies(message -> {
            assertThat(message.body())
                    .isEqualTo(event(name).getRecords().getFirst().getBody());
            assertThat(message.messageAttributes().get("reason").stringValue()).startsWith(reason);
        });
    }

    @Test
    void aReplayToAnotherTargetKeepsItsTarget() {
        sqs.purgeQueue(request -> request.queueUrl(stack.settings().queue().url()));

        assertThat(failures("replay-target.json")).isEmpty();

        assertThat(orders()).singleElement().satisfies(message -> assertThat(message.body())
                .contains("\"target\":\"access-logs/copies\"", "\"epoch\":2"));
    }

    @Test
    void aReplayPutsItsOrdersIntoTheQueueAgain() {
        sqs.purgeQueue(request -> request.queueUrl(stack.settings().queue().url()));

        assertThat(failures("replay.json")).isEmpty();

        assertThat(orders()).singleElement().satisfies(message -> assertThat(message.body())
                .contains("\"replay\":true", "\"epoch\":2"));
    }

    @Test
    void anUnknownOrderComesBackAlone() {
        SQSEvent event = event("work-order-unknown.json");

        assertThat(failures("work-order-unknown.json"))
                .containsExactly(event.getRecords().get(1).getMessageId());
    }

    @Test
    void everyEventIsExplainedAndUsedHere() throws IOException {
        String readme = Files.readString(folder().resolve("README.md"));
        String test =
                Files.readString(Path.of("src/test/java", getClass().getName().replace('.', '/') + ".java"));
        try (Stream<Path> files = Files.list(folder())) {
            assertThat(files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".json")))
                    .isNotEmpty()
                    .allSatisfy(name -> {
                        assertThat(readme).contains("| `" + name + "` |");
                        assertThat(test).contains(name);
                    });
        }
    }

    private Map<String, Object> tick(String name) throws IOException {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        Ticks.tick(discovery, text(name), TIMEOUT, answer);
        return EVENTS.readValue(answer.toByteArray(), new TypeReference<>() {});
    }

    private List<String> failures(String name) {
        SQSBatchResponse response = worker.handleRequest(event(name), new LocalContext("worker", TIMEOUT));
        return response.getBatchItemFailures().stream()
                .map(BatchItemFailure::getItemIdentifier)
                .toList();
    }

    private List<Message> orders() {
        return sqs.receiveMessage(
                        request -> request.queueUrl(stack.settings().queue().url()))
                .messages();
    }

    private List<S3Object> objects() {
        return s3.listObjectsV2(request -> request.bucket("access-logs")).contents();
    }

    private static SQSEvent event(String name) {
        return EVENTS.readValue(text(name), SQSEvent.class);
    }

    static String text(String name) {
        try {
            return Files.readString(folder().resolve(name));
        } catch (IOException e) {
            throw new IllegalStateException("cannot read events/" + name, e);
        }
    }

    private static Path folder() {
        return Template.REPOSITORY.resolve("events");
    }
}
