package io.logcourier.localstack.sqs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.localstack.Stack;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

class LocalSqsIT {
    @Test
    void theOrderQueueHasTheSettingsAskedForAndADeadLetterQueue() {
        try (LocalSqs server = new LocalSqs(0, Stack.CREDENTIALS, Duration.ofMinutes(6));
                SqsClient sqs = client(server)) {
            Map<QueueAttributeName, String> attributes = sqs.getQueueAttributes(request ->
                            request.queueUrl(server.queueUrl().toString()).attributeNames(QueueAttributeName.ALL))
                    .attributes();

            assertThat(attributes).containsEntry(QueueAttributeName.VISIBILITY_TIMEOUT, "360");
            assertThat(attributes.get(QueueAttributeName.QUEUE_ARN)).startsWith("arn:aws:sqs:" + LocalSqs.REGION + ":");
            assertThat(attributes.get(QueueAttributeName.REDRIVE_POLICY))
                    .contains("\"maxReceiveCount\":5")
                    .contains(server.deadLetterQueueUrl().getPath().replaceFirst(".*/", ""));
            assertThat(server.queueUrl()).hasAuthority(server.uri().getAuthority());
        }
    }

    @Test
    void aLongPollWaitsForAMessageAndNoLonger() {
        try (LocalSqs server = new LocalSqs(0, Stack.CREDENTIALS, Duration.ofMinutes(1));
                SqsClient sqs = client(server)) {
            String queue = server.queueUrl().toString();
            long start = System.nanoTime();
            CompletableFuture<Void> sent = CompletableFuture.runAsync(
                    () -> sqs.sendMessage(request -> request.queueUrl(queue).messageBody("order")),
                    CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS));

            assertThat(sqs.receiveMessage(request -> request.queueUrl(queue).waitTimeSeconds(20))
                            .messages())
                    .hasSize(1);

            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isBetween(Duration.ofMillis(250), Duration.ofSeconds(10));
            sent.join();
        }
    }

    @Test
    void closedItFreesThePortAndATakenPortIsNamed() {
        int port;
        try (LocalSqs server = new LocalSqs(0, Stack.CREDENTIALS, Duration.ofMinutes(1))) {
            port = server.uri().getPort();
            assertThatThrownBy(() -> new LocalSqs(port, Stack.CREDENTIALS, Duration.ofMinutes(1)).close())
                    .hasMessageContaining("127.0.0.1:" + port);
        }
        new LocalSqs(port, Stack.CREDENTIALS, Duration.ofMinutes(1)).close();
    }

    private static SqsClient client(LocalSqs server) {
        return SqsClient.builder()
                .endpointOverride(server.uri())
                .region(Region.of(LocalSqs.REGION))
                .credentialsProvider(StaticCredentialsProvider.create(Stack.CREDENTIALS))
                .build();
    }
}
