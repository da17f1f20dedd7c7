package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.operations.Audit.Missing;
import io.logcourier.operations.Audit.Objects;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

class AuditTest {
    @Test
    void anObjectThatIsGoneIsMissingAndOneThatCannotBeReadDiffers() {
        Bucket bucket = new Bucket() {
            @Override
            RuntimeException answer(String key) {
                return switch (key) {
                    case "key-1" -> NoSuchKeyException.builder().message("gone").build();
                    case "key-2" ->
                        NoSuchBucketException.builder().message("gone").build();
                    default ->
                        S3Exception.builder().message("denied").statusCode(403).build();
                };
            }
        };

        Objects objects = audit(3).objects(bucket, false, read -> {});

        assertThat(objects.missing()).containsExactly(new Missing(7, 1, "cats", "logs", "key-1", 5));
        assertThat(objects.differences())
                .extracting(Audit.Difference::what)
                .containsExactly(
                        "order 7/0 of bucket cats: object logs/key-0 cannot be read: denied",
                        "order 7/2 of bucket cats: object logs/key-2 cannot be read: gone");
    }

    @Test
    void whatEndsAnAuditEndsItBeforeAllObjectsAreAskedFor() {
        Bucket bucket = new Bucket() {
            @Override
            RuntimeException answer(String key) {
                return new IllegalStateException("the connection pool is shut down");
            }
        };

        assertThatThrownBy(() -> audit(10_000).objects(bucket, false, read -> {}))
                .hasMessageContaining("shut down");
        assertThat(bucket.requests).hasValueLessThan(10_000);
    }

    @Test
    void aReplicaThatLagsIsNotAudited() {
        assertThatThrownBy(() -> audit(new Books(0, 1, 0)).books())
                .isInstanceOf(RetryableException.class)
                .hasMessageContaining("lags");
        assertThatThrownBy(() -> audit(new Books(0, 0, 1)).books())
                .isInstanceOf(RetryableException.class)
                .hasMessageContaining("lags");
    }

    private static Audit audit(int objects) {
        return audit(new Books(objects, 0, 0));
    }

    private static Audit audit(ClickHouse books) {
        return new Audit(books, Settings.read(Map.of(), Map.of()).lane());
    }

    private static final String HEAD = """
            {"now": "2026-01-31T12:00:00Z", "epoch": 7, "planned_at": "2026-01-31T12:00:00Z", "planner": "", "ledger": "", "log_table": "", "server": "",
             "claims": [], "frontier": [], "order_count": 0, "ordered_through": 7, "sent_through": 7,
             "redelivered_at": "2026-01-31T12:00:00Z", "open_from": 7, "version": 1, "lagging": %d}""";

    private static final String ENTRY = """
            {"epoch": 7, "number": %1$d, "bucket": "cats", "target_bucket": "logs", "key": "key-%1$d",
             "rendering": "text-1", "compression": "none", "rows": 5, "bytes": 50, "crc32c": 1}""";

    /** The books of so many objects, on a server that lacks something of so many tables of the ledger, and of the log. */
    private record Books(int objects, int ledgerLags, int logLags) implements ClickHouse {
        @Override
        public InputStream query(Statement statement, String format) {
            Stream<String> rows =
                    switch (statement.name()) {
                        case "head.sql" -> Stream.of(HEAD.formatted(ledgerLags));
                        case "lagging.sql" -> Stream.of("{\"count\": %d}".formatted(logLags));
                        case "objects.sql" ->
                            IntStream.range(0, objects)
                                    .mapToObj(ENTRY::formatted)
                                    .filter(row ->
                                            statement.parameters().get("from").equals("0"));
                        default -> Stream.of();
                    };
            return new ByteArrayInputStream(
                    rows.collect(Collectors.joining(",", "{\"data\": [", "]}")).getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void insert(String table, String format, byte[] rows, Map<String, String> settings) {
            throw new AssertionError("an audit only reads, this writes into " + table);
        }

        @Override
        public void close() {}
    }

    /** Answers every request with a failure. */
    private abstract static class Bucket implements S3Client {
        private final AtomicInteger requests = new AtomicInteger();

        abstract RuntimeException answer(String key);

        @Override
        public <T> T getObject(GetObjectRequest request, ResponseTransformer<GetObjectResponse, T> transformer) {
            requests.incrementAndGet();
            throw answer(request.key());
        }

        @Override
        public String serviceName() {
            return "s3";
        }

        @Override
        public void close() {}
    }
}
