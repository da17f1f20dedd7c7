package io.logcourier.localstack.cli;

import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sqs.SqsClient;
import tools.jackson.databind.JsonNode;

/** Clients of a running {@code up}, made of nothing but the line it printed. */
final class Clients {
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
}
