package io.logcourier.localstack.sqs;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.logcourier.ConfigurationException;
import io.logcourier.localstack.door.Door;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.elasticmq.rest.sqs.SQSRestServer;
import org.elasticmq.rest.sqs.SQSRestServerBuilder;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;

/**
 * An SQS endpoint on the loopback interface with two queues: one for work orders and its dead-letter queue. It keeps
 * messages in memory, so both queues are empty whenever it starts. It serves whoever knows the access key (the signature
 * is not looked at, so the access key is a secret here), unless a {@link Door} refuses the request. Thread-safe.
 */
public final class LocalSqs implements AutoCloseable {
    /** The region in the queues' ARNs; a client may sign for any other. */
    public static final String REGION = "us-east-1";

    private static final String QUEUE = "work-orders";
    private static final String DEAD_LETTER_QUEUE = "work-orders-dead-letters";

    // Whoever closes the stack decides when: left to itself, Pekko stops at SIGTERM, before the workers could finish.
    private static final Config SETTINGS = ConfigFactory.parseMap(Map.of(
                    "pekko.loglevel", "WARNING",
                    "pekko.coordinated-shutdown.run-by-jvm-shutdown-hook", "off"))
            .withFallback(ConfigFactory.load(LocalSqs.class.getClassLoader()));

    /** They log that a port is taken, which reaches the caller as an exception. */
    private static final List<String> REPEATING =
            List.of("org.apache.pekko.io.TcpListener", "org.elasticmq.rest.sqs.TheSQSRestServerBuilder");

    private final ActorSystem actors;
    private final SQSRestServer server;
    private final URI uri;
    private final URI queueUrl;
    private final URI deadLetterQueueUrl;

    /**
     * Starts the endpoint and makes the queues; it answers when the constructor returns.
     *
     * @param port to listen on, 0 for any free one
     * @param credentials those that are let in
     * @param visibilityTimeout of the order queue, in whole seconds
     * @param maxReceiveCount how often a message is received before it goes to the dead-letter queue
     */
    public LocalSqs(int port, AwsCredentials credentials, Duration visibilityTimeout, int maxReceiveCount) {
        REPEATING.forEach(name -> ((Logger) LoggerFactory.getLogger(name)).setLevel(Level.OFF));
        actors = ActorSystem.create("sqs", SETTINGS);
        GuardedHttp.install(actors, request -> refusal(request, credentials.accessKeyId()));
        server = SQSRestServerBuilder.withActorSystem(actors)
                .withInterface("127.0.0.1")
                .withPort(port)
                .withAWSRegion(REGION)
                .start();
        try {
            uri = URI.create("http://127.0.0.1:"
                    + server.waitUntilStarted().localAddress().getPort());
            try (SqsClient sqs = SqsClient.builder()
                    .endpointOverride(uri)
                    .region(Region.of(REGION))
                    .credentialsProvider(StaticCredentialsProvider.create(credentials))
                    .build()) {
                deadLetterQueueUrl = createQueue(sqs, DEAD_LETTER_QUEUE, Map.of());
                String deadLetterArn = sqs.getQueueAttributes(request -> request.queueUrl(deadLetterQueueUrl.toString())
                                .attributeNames(QueueAttributeName.QUEUE_ARN))
                        .attributes()
                        .get(QueueAttributeName.QUEUE_ARN);
                queueUrl = createQueue(
                        sqs,
                        QUEUE,
                        Map.of(
                                QueueAttributeName.VISIBILITY_TIMEOUT,
                                Long.toString(visibilityTimeout.toSeconds()),
                                QueueAttributeName.REDRIVE_POLICY,
                                "{\"deadLetterTargetArn\":\"%s\",\"maxReceiveCount\":%d}"
                                        .formatted(deadLetterArn, maxReceiveCount)));
            }
        } catch (RuntimeException e) {
            actors.terminate();
            throw new ConfigurationException("SQS does not start on 127.0.0.1:" + port + ": " + e.getMessage(), e);
        }
    }

    /** As the other constructor; a message is received five times before it goes to the dead-letter queue. */
    public LocalSqs(int port, AwsCredentials credentials, Duration visibilityTimeout) {
        this(port, credentials, visibilityTimeout, 5);
    }

    private static Optional<String> refusal(HttpRequest request, String accessKey) {
        Optional<String> refusal = Door.refusal(name -> values(request, name));
        if (refusal.isPresent()) {
            return refusal;
        }
        boolean knows = values(request, "Authorization").stream().anyMatch(value -> value.contains(accessKey));
        return knows
                ? Optional.empty()
                : Optional.of("the request is not signed with the access key of this stack: up prints it as"
                        + " AWS_ACCESS_KEY_ID");
    }

    private static List<String> values(HttpRequest request, String name) {
        List<String> values = new ArrayList<>();
        request.getHeaders().forEach(header -> {
            if (header.is(name.toLowerCase(Locale.ROOT))) {
                values.add(header.value());
            }
        });
        return values;
    }

    /** Where it listens. */
    public URI uri() {
        return uri;
    }

    /** The queue of work orders. */
    public URI queueUrl() {
        return queueUrl;
    }

    /** Where messages go that were received too often. */
    public URI deadLetterQueueUrl() {
        return deadLetterQueueUrl;
    }

    /** Stops at once; messages are gone. */
    @Override
    public void close() {
        server.stopAndWait();
        actors.terminate();
    }

    private static URI createQueue(SqsClient sqs, String name, Map<QueueAttributeName, String> attributes) {
        return URI.create(sqs.createQueue(request -> request.queueName(name).attributes(attributes))
                .queueUrl());
    }
}
