package io.logcourier.localstack.bench;

import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.Claims;
import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.message.OrderMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/** What a delivery cannot be faster than: its engine alone, and its sink alone, doing the same again. */
final class Floors {
    private static final Duration SIGNATURE = Duration.ofHours(1);

    static {
        // As many connections are kept as are in use.
        System.setProperty("http.maxConnections", "64");
    }

    private Floors() {}

    /** Time on the clock, and CPU time of the process that did it. */
    record Floor(double seconds, double cpuSeconds) {}

    /** The engine renders the lines of all orders after epoch {@code after} to nowhere, as many messages at once. */
    static Floor engine(BenchInstallation installation, long after, int atOnce) throws InterruptedException {
        var lane = installation.settings.lane();
        Ledger ledger = new Ledger(installation.clickHouse, lane);
        List<WorkOrder> orders = ledger.decided(after, ledger.head().epoch());
        Map<List<Long>, Claims> claims = new HashMap<>();
        AccessLogTable table = new AccessLogTable(new Nowhere(installation.clickHouse), lane);
        List<Runnable> work = new ArrayList<>();
        int from = 0;
        for (OrderMessage message : OrderMessage.deliver(lane.name(), orders)) {
            int to = from + message.last() - message.first() + 1;
            List<WorkOrder> some = orders.subList(from, to);
            from = to;
            WorkOrder any = some.getFirst();
            Claims ranges = claims.computeIfAbsent(
                    List.of(any.fromEpoch(), any.toEpoch()),
                    epochs -> ledger.claims(epochs.getFirst(), epochs.getLast()));
            work.add(() -> drain(table.render(some, ranges)));
        }
        return measure(installation.engine, work, atOnce);
    }

    private static void drain(InputStream result) {
        try (result) {
            result.transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts bodies of these sizes into the sink, larger ones in parts, so many at once. */
    static Floor sink(BenchInstallation installation, List<Long> sizes, int atOnce) throws InterruptedException {
        int part = installation.settings.worker().partSize();
        byte[] body = new byte[part];
        List<Runnable> work = new ArrayList<>();
        try (S3Presigner signer = S3Presigner.builder()
                .region(Region.of(installation.settings.aws().region()))
                .endpointOverride(installation.endpoints.s3())
                .credentialsProvider(StaticCredentialsProvider.create(installation.credentials()))
                .serviceConfiguration(
                        S3Configuration.builder().pathStyleAccessEnabled(true).build())
                .build()) {
            for (long size : sizes) {
                for (long left = size; left > 0; left -= part) {
                    String key = "floor/" + work.size();
                    URI uri = installation.options.disk()
                            ? URI.create(signer.presignPutObject(request -> request.signatureDuration(SIGNATURE)
                                            .putObjectRequest(object -> object.bucket(Workload.TARGET)
                                                    .key(key)))
                                    .url()
                                    .toString())
                            : installation.endpoints.s3().resolve("/" + Workload.TARGET + "/" + key);
                    int length = (int) Math.min(left, part);
                    work.add(() -> put(uri, body, length));
                }
            }
        }
        return measure(installation.services, work, atOnce);
    }

    private static void put(URI uri, byte[] body, int length) {
        try {
            HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
            connection.setRequestMethod("PUT");
            connection.setDoOutput(true);
            connection.setFixedLengthStreamingMode(length);
            try (OutputStream out = connection.getOutputStream()) {
                out.write(body, 0, length);
            }
            try (InputStream answer = connection.getInputStream()) {
                answer.transferTo(OutputStream.nullOutputStream());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Floor measure(Child process, List<Runnable> work, int atOnce) throws InterruptedException {
        Duration before = process.cpu();
        long began = System.nanoTime();
        try (ExecutorService threads = Executors.newFixedThreadPool(atOnce)) {
            List<Future<?>> underway = new ArrayList<>();
            work.forEach(task -> underway.add(threads.submit(task)));
            for (Future<?> task : underway) {
                task.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("a floor could not be measured: " + e.getCause(), e);
        }
        return new Floor(
                (System.nanoTime() - began) / 1e9, process.cpu().minus(before).toNanos() / 1e9);
    }

    /** Has ClickHouse compute results and throw them away. */
    private record Nowhere(ClickHouse server) implements ClickHouse {
        @Override
        public InputStream query(Statement statement, String format) {
            return server.query(statement, "Null");
        }

        @Override
        public void insert(String table, String format, byte[] rows, Map<String, String> settings) {
            server.insert(table, format, rows, settings);
        }

        @Override
        public void close() {}
    }
}
