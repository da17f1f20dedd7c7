package io.logcourier.localstack.cli;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Posts log records over ClickHouse's HTTP interface, as a log shipper does. */
final class Shipper implements AutoCloseable {
    /** Where the records ask to be delivered. */
    static final String TARGET = "access-logs";

    private static final int BUCKETS = 5;

    private final HttpClient client = HttpClient.newHttpClient();
    private final URI clickHouse;
    private final String authorization;

    /** Of a running {@code up}, by the line that it printed. */
    Shipper(JsonNode ready) {
        clickHouse = URI.create(ready.get("clickhouse").asString());
        String pair = ready.get("clickhouseUser").asString() + ":"
                + ready.get("clickhousePassword").asString();
        authorization = "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }

    /** Posts one record per request id; returns when they are stored. */
    void post(List<String> requestIds) throws IOException, InterruptedException {
        insert(requestIds.stream().map(Shipper::row).collect(joining("\n")));
    }

    /** Posts JSON lines; returns when they are stored. */
    void insert(String rows) throws IOException, InterruptedException {
        query("INSERT INTO logs.access_logs_ingest SETTINGS date_time_input_format = 'best_effort' FORMAT JSONEachRow\n"
                + rows);
    }

    private static String row(String requestId) {
        int bucket = Math.floorMod(requestId.hashCode(), BUCKETS);
        return """
                {"startTime":"1767225600.123","req_id":"%s","bucketName":"bucket-%d","objectKey":"a key",\
                "operation":"REST.GET.OBJECT","requestURI":"GET /a HTTP/1.1","httpCode":200,"totalTime":"12",\
                "loggingEnabled":true,"loggingTargetBucket":"%s","loggingTargetPrefix":"bucket-%2$d/","raftSessionID":%2$d}\
                """.formatted(requestId, bucket, TARGET);
    }

    /** The answer to a statement. */
    String query(String sql) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(
                HttpRequest.newBuilder(clickHouse)
                        .header("Authorization", authorization)
                        .POST(BodyPublishers.ofString(sql))
                        .build(),
                BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException(response.statusCode() + " " + response.body());
        }
        return response.body().strip();
    }

    /** The answer to a GET. */
    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return client.send(HttpRequest.newBuilder(clickHouse.resolve(path)).build(), BodyHandlers.ofString());
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
