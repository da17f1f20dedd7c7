package io.logcourier.localstack.bench;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.logcourier.localstack.door.DoorFilter;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.CRC32C;

/**
 * As much of S3 as writing log objects takes, at the least cost: it checks a body's CRC32C where the client sent one,
 * counts, and drops the bytes. It knows no signatures and no bodies in chunks, and every object is missing. Thread-safe.
 */
final class DroppingS3 implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 18;
    private static final int NO_BODY = -1;

    static {
        // Else each small response waits for the client's delayed acknowledgement, 40 ms.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        System.setProperty("sun.net.httpserver.maxIdleConnections", "1000");
    }

    /**
     * What came so far.
     *
     * @param objects different keys that were written
     * @param bytes in the bodies of objects and parts
     */
    record Taken(long objects, long bytes) {
        static final Taken NOTHING = new Taken(0, 0);
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(
            Thread.ofPlatform().daemon().name("s3-", 0).factory());
    private final ThreadLocal<byte[]> buffer = ThreadLocal.withInitial(() -> new byte[BUFFER_BYTES]);
    private final Set<String> objects = ConcurrentHashMap.newKeySet();
    private final LongAdder bytes = new LongAdder();
    private final AtomicLong uploads = new AtomicLong();

    DroppingS3() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::serve).getFilters().add(new DoorFilter());
        server.start();
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    Taken taken() {
        return new Taken(objects.size(), bytes.sum());
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            String query = exchange.getRequestURI().getRawQuery();
            String parameters = query == null ? "" : query;
            boolean intact = isIntact(exchange);
            if (!intact) {
                answer(exchange, 400, "<Error><Code>BadDigest</Code></Error>");
                return;
            }
            switch (exchange.getRequestMethod()) {
                case "PUT" -> {
                    exchange.getResponseHeaders().set("ETag", "\"0\"");
                    if (!parameters.contains("uploadId=")) {
                        objects.add(exchange.getRequestURI().getRawPath());
                    }
                    exchange.sendResponseHeaders(200, NO_BODY);
                }
                case "POST" -> post(exchange, parameters);
                case "DELETE" -> exchange.sendResponseHeaders(204, NO_BODY);
                case "HEAD" -> exchange.sendResponseHeaders(404, NO_BODY);
                default -> answer(exchange, 404, "<Error><Code>NoSuchKey</Code></Error>");
            }
        }
    }

    private void post(HttpExchange exchange, String parameters) throws IOException {
        if (parameters.contains("uploadId=")) {
            objects.add(exchange.getRequestURI().getRawPath());
            answer(exchange, 200, "<CompleteMultipartUploadResult><ETag>\"0\"</ETag></CompleteMultipartUploadResult>");
        } else {
            answer(
                    exchange,
                    200,
                    "<InitiateMultipartUploadResult><UploadId>%d</UploadId></InitiateMultipartUploadResult>"
                            .formatted(uploads.incrementAndGet()));
        }
    }

    /** Takes the body, and compares it with its checksum. */
    private boolean isIntact(HttpExchange exchange) throws IOException {
        CRC32C crc = new CRC32C();
        long count = 0;
        byte[] piece = buffer.get();
        try (InputStream body = exchange.getRequestBody()) {
            for (int read = body.read(piece, 0, piece.length); read >= 0; read = body.read(piece, 0, piece.length)) {
                crc.update(piece, 0, read);
                count += read;
            }
        }
        if (!exchange.getRequestMethod().equals("PUT")) {
            return true;
        }
        bytes.add(count);
        String expected = exchange.getRequestHeaders().getFirst("x-amz-checksum-crc32c");
        return expected == null
                || expected.equals(Base64.getEncoder()
                        .encodeToString(ByteBuffer.allocate(Integer.BYTES)
                                .putInt((int) crc.getValue())
                                .array()));
    }

    private static void answer(HttpExchange exchange, int status, String xml) throws IOException {
        byte[] text = xml.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/xml");
        exchange.sendResponseHeaders(status, text.length);
        exchange.getResponseBody().write(text);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
