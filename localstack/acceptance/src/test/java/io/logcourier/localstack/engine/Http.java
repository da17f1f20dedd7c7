package io.logcourier.localstack.engine;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/** ClickHouse's HTTP interface by the JDK's own client, with nothing in between. */
final class Http implements AutoCloseable {
    private final HttpClient client = HttpClient.newHttpClient();
    private final URI front;

    Http(URI front) {
        this.front = front;
    }

    /** The body, which must have come with status 200, as bytes one to a char. */
    String query(String sql) throws IOException, InterruptedException {
        HttpResponse<byte[]> response = post("", sql);
        String body = new String(response.body(), StandardCharsets.ISO_8859_1);
        if (response.statusCode() != 200) {
            throw new AssertionError(response.statusCode() + " " + body);
        }
        return body;
    }

    HttpResponse<byte[]> post(String urlParameters, String body) throws IOException, InterruptedException {
        return send(request(urlParameters, BodyPublishers.ofString(body)).build());
    }

    HttpResponse<byte[]> post(String urlParameters, byte[] body) throws IOException, InterruptedException {
        return send(request(urlParameters, BodyPublishers.ofByteArray(body)).build());
    }

    /** The answer to a statement, when it comes. */
    CompletableFuture<HttpResponse<byte[]>> later(String sql) {
        return client.sendAsync(request("", BodyPublishers.ofString(sql)).build(), BodyHandlers.ofByteArray());
    }

    HttpResponse<byte[]> get(String path) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(front.resolve(path)).build());
    }

    HttpRequest.Builder request(String urlParameters, BodyPublisher body) {
        return HttpRequest.newBuilder(front.resolve("/?" + urlParameters)).POST(body);
    }

    HttpResponse<byte[]> send(HttpRequest request) throws IOException, InterruptedException {
        return client.send(request, BodyHandlers.ofByteArray());
    }

    HttpResponse<InputStream> stream(String sql) throws IOException, InterruptedException {
        return stream(request("", BodyPublishers.ofString(sql)).build());
    }

    HttpResponse<InputStream> stream(HttpRequest request) throws IOException, InterruptedException {
        return client.send(request, BodyHandlers.ofInputStream());
    }

    static String encode(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
