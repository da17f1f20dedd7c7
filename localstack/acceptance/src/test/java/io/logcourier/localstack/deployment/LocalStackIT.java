package io.logcourier.localstack.deployment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.discovery.DiscoveryHandler;
import io.logcourier.localstack.GeneratedRows;
import io.logcourier.localstack.LaptopStack;
import io.logcourier.localstack.LaptopStack.Layout;
import io.logcourier.localstack.Stack;
import io.logcourier.localstack.lambda.Ticks;
import io.logcourier.localstack.sqs.EventSource;
import io.logcourier.message.Tick;
import io.logcourier.operations.Loader;
import io.logcourier.worker.WorkerHandler;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.localstack.LocalStackContainer;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.sqs.SqsClient;

/**
 * LocalStack's S3 and SQS, a second opinion beside the emulators of the laptop. Runs where there is Docker, or on the
 * LocalStack that the system property {@code localstack.endpoint} names, such as that of {@code localstack/host/up}.
 */
class LocalStackIT {
    private static final Logger log = LoggerFactory.getLogger(LocalStackIT.class);

    static final String IMAGE = "localstack/localstack:4.14.0";
    private static final String TARGET = "access-logs";
    private static final int BUCKETS = 10;
    private static final int ROWS = 2000;
    private static final Duration TIMEOUT = Duration.ofMinutes(5);

    private Optional<LocalStackContainer> container = Optional.empty();
    private URI endpoint;

    @BeforeEach
    void start() {
        String running = System.getProperty("localstack.endpoint", "");
        if (!running.isEmpty()) {
            endpoint = URI.create(running);
            return;
        }
        boolean hasDocker = DockerClientFactory.instance().isDockerAvailable();
        if (!hasDocker) {
            log.warn("SKIPPED: {} needs Docker, which is not here", IMAGE);
        }
        assumeTrue(hasDocker, "Docker is not here");
        container = Optional.of(new LocalStackContainer(IMAGE).withServices("s3", "sqs"));
        container.get().start();
        endpoint = container.get().getEndpoint();
    }

    @AfterEach
    void stop() {
        container.ifPresent(LocalStackContainer::stop);
    }

    @Test
    void rowsAreDeliveredThroughItsQueueIntoItsBucket() throws IOException, InterruptedException {
        Layout clickHouseAlone = new Layout(Optional.empty(), 0, 0, 0, true);
        try (LaptopStack stack = Stack.start(clickHouseAlone, Map.of());
                S3Client s3 = S3Client.builder()
                        .endpointOverride(endpoint)
                        .forcePathStyle(true)
                        .region(Region.US_EAST_1)
                        .credentialsProvider(StaticCredentialsProvider.create(Stack.CREDENTIALS))
                        .build();
                SqsClient sqs = SqsClient.builder()
                        .endpointOverride(endpoint)
                        .region(Region.US_EAST_1)
                        .credentialsProvider(StaticCredentialsProvider.create(Stack.CREDENTIALS))
                        .build()) {
            s3.createBucket(request -> request.bucket(TARGET));
            String queue =
                    sqs.createQueue(request -> request.queueName("test-orders")).queueUrl();
            String deadLetters = sqs.createQueue(request -> request.queueName("test-orders-dead-letters"))
                    .queueUrl();
            try (ClickHouse clickHouse = stack.clickHouse()) {
                new Loader(clickHouse, stack.settings().lane())
                        .load("rows", new GeneratedRows(ROWS, BUCKETS, 1), rows -> {});
            }
            Settings settings = Settings.read(
                    Map.of(
                            "clickhouse.url",
                            stack.settings().lane().endpoint().url().toString(),
                            "s3.endpoint",
                            endpoint.toString(),
                            "sqs.endpoint",
                            endpoint.toString(),
                            "queue.url",
                            queue,
                            "queue.dead-letter-url",
                            deadLetters),
                    Map.of());
            try (DiscoveryHandler discovery = new DiscoveryHandler(settings);
                    WorkerHandler worker = new WorkerHandler(settings);
                    EventSource source = new EventSource(sqs, EventSource.Mapping.asDeployed(queue, 2), worker)) {
                Ticks.tick(discovery, new Tick(Optional.empty(), true, false));
                assertThat(source.drain(TIMEOUT, Duration.ofSeconds(2))).isTrue();
            }

            assertThat(s3.listObjectsV2(request -> request.bucket(TARGET)).contents())
                    .hasSize(BUCKETS)
                    .extracting(S3Object::key)
                    .satisfies(keys -> assertThat(keys.stream()
                                    .mapToLong(key -> s3.getObjectAsBytes(request ->
                                                    request.bucket(TARGET).key(key))
                                            .asUtf8String()
                                            .lines()
                                            .count())
                                    .sum())
                            .isEqualTo(ROWS));
            assertThat(sqs.receiveMessage(request -> request.queueUrl(deadLetters))
                            .messages())
                    .isEmpty();
        }
    }
}
