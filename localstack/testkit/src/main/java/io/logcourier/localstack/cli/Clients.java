package io.logcourier.localstack.cli;

import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sqs.SqsClient;
import tools.jackson.databind.JsonNode;

/** Clients of a running {@code up}, made of nothing but the line it printed. */
final class Clients {
    /** For commands that need some, and whose calls nobody checks. */
    static final Map<String, String> CREDENTIALS = Map.of("AWS_ACCESS_KEY_ID", "a", "AWS_SECRET_ACCESS_KEY", "b");

    private Clients() {}

    static S3Client s3(JsonNode ready) {
        return S3Client.builder()
                .endpointOverride(URI.create(ready.get("s3").asString()))
                .region(Region.of(ready.get("region").asString()))
                .credentialsProvider(credentials(ready))
                .forcePathStyle(true)
                .build();
    }

    static SqsClient sqs(JsonNode ready) {
        return SqsClient.builder()
                .endpointOverride(URI.create(ready.get("sqs").asString()))
                .region(Region.of(ready.get("region").asString()))
                .credentialsProvider(credentials(ready))
                .build();
    }

    private static StaticCredentialsProvider credentials(JsonNode ready) {
        return StaticCredentialsProvider.create(AwsBasicCredentials.create(
                ready.get("accessKey").asString(), ready.get("secretKey").asString()));
    }

    /** The settings of its ClickHouse. */
    static Map<String, String> clickHouse(JsonNode ready) {
        return Map.of(
                "LOG_COURIER_CLICKHOUSE_URL", ready.get("clickhouse").asString(),
                "LOG_COURIER_CLICKHOUSE_USER", ready.get("clickhouseUser").asString(),
                "LOG_COURIER_CLICKHOUSE_PASSWORD",
                        ready.get("clickhousePassword").asString());
    }

    /** The settings of an installation whose queue nobody serves but the test. */
    static Map<String, String> settings(JsonNode ready) {
        Map<String, String> settings = new HashMap<>();
        settings.put("AWS_ACCESS_KEY_ID", ready.get("accessKey").asString());
        settings.put("AWS_SECRET_ACCESS_KEY", ready.get("secretKey").asString());
        settings.put("LOG_COURIER_AWS_REGION", ready.get("region").asString());
        settings.putAll(clickHouse(ready));
        settings.put("LOG_COURIER_S3_ENDPOINT", ready.get("s3").asString());
        settings.put("LOG_COURIER_SQS_ENDPOINT", ready.get("sqs").asString());
        try (SqsClient sqs = Clients.sqs(ready)) {
            settings.put(
                    "LOG_COURIER_QUEUE_URL",
                    sqs.createQueue(request -> request.queueName("orders")).queueUrl());
            settings.put(
                    "LOG_COURIER_QUEUE_DEAD_LETTER_URL",
                    sqs.createQueue(request -> request.queueName("dead-letters"))
                            .queueUrl());
        }
        return settings;
    }
}
