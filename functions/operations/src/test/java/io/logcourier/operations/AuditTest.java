package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.operations.Audit.Looked;
import io.logcourier.operations.Audit.Missing;
import io.logcourier.operations.Audit.Objects;
import io.logcourier.operations.Audit.Unread;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

class AuditTest {
    private static final Settings SETTINGS = Settings.read(Map.of(), Map.of());
    private static final Scope ALL = Scope.of(SETTINGS);

    @Test
    void anObjectThatIsGoneIsMissingAndOneThatIsRefusedIsUnread() {
        Bucket bucket = Bucket.failing(key -> switch (key) {
            case "key-1" -> NoSuchKeyException.builder().message("gone").build();
            case "key-2" -> NoSuchBucketException.builder().message("no bucket").build();
            default -> refusal("KMS.DisabledException");
        });

        Objects objects = audit(3).objects(bucket, ALL, read -> {});

        assertThat(objects.looked()).isEqualTo(new Looked(false, 3, 0, 0, 1, 2));
        assertThat(objects.missing()).containsExactly(new Missing(7, 1, "cats", "logs", "key-1", 5));
        assertThat(objects.unread())
                .containsExactly(
                        new Unread(
                                "order 7/0 of bucket cats: object logs/key-0",
                                refusal("KMS.DisabledException").getMessage()),
                        new Unread("order 7/2 of bucket cats: object logs/key-2", "no bucket"));
        assertThat(objects.differences()).isEmpty();
    }

    @Test
    void whatEndsAnAuditEndsItBeforeAllObjectsAreAskedFor() {
        for (RuntimeException failure : List.of(
                new IllegalStateException("the connection pool is shut down"),
                SdkClientException.create("Connection refused"),
                refusal("InvalidAccessKeyId"),
                refusal("ExpiredToken"),
                refusal("AccessDenied"))) {
            Bucket bucket = Bucket.failing(key -> failure);

            assertThatThrownBy(() -> audit(10_000).objects(bucket, ALL, read -> {}))
                    .as(failure.getMessage())
                    .isInstanceOf(failure instanceof SdkException ? RetryableException.class : failure.getClass())
                    .hasMessageContaining(failure.getMessage());
            assertThat(bucket.requests).as(failure.getMessage()).hasValueLessThan(300);
        }
    }

    @Test
    void aFewObjectsThatAreAllRefusedAreOneFailure() {
        Bucket bucket = Bucket.failing(key -> refusal("AccessDenied"));

        assertThatThrownBy(() -> audit(3).objects(bucket, ALL, read -> {}))
                .isInstanceOf(RetryableException.class)
                .hasMessageStartingWith(
                        "S3 lets none of the 3 objects and folders that were tried be read, the first: AccessDenied said so");
    }

    @Test
    void oneObjectThatMayNotBeReadIsUnreadWhereOthersMay() {
        Bucket bucket = new Bucket(key -> {
            if (key.equals("key-1")) {
                throw refusal("AccessDenied");
            }
            return new ByteArrayInputStream("a\nb\nc\nd\ne\n".getBytes(StandardCharsets.UTF_8));
        });

        Objects objects = audit(3).objects(bucket, ALL, read -> {});

        assertThat(objects.looked().unread()).isOne();
        assertThat(objects.differences()).hasSize(2).allMatch(found -> found.what()
                .contains("has 5 rows, 10 bytes"));
    }

    @Test
    void aConnectionThatBreaksIsTriedAgainAndThenSaysNothingOfTheObject() {
        Bucket bucket = new Bucket(key ->
                new SequenceInputStream(new ByteArrayInputStream("a\n".getBytes(StandardCharsets.UTF_8)), new Reset()));

        Objects objects = audit(1).objects(bucket, ALL, read -> {});

        assertThat(bucket.requests).hasValue(3);
        assertThat(objects.differences()).isEmpty();
        assertThat(objects.unread())
                .containsExactly(
                        new Unread("order 7/0 of bucket cats: object logs/key-0", "broke off: Connection reset"));
    }

    @Test
    void whatIsNotReadInTimeCountsAsUnread() {
        AtomicInteger asked = new AtomicInteger();

        Objects objects = audit(500)
                .objects(
                        new Bucket(key -> new ByteArrayInputStream(new byte[0])),
                        ALL.only(Share.ALL, () -> asked.incrementAndGet() > 101),
                        read -> {});

        assertThat(objects.looked().due()).isEqualTo(500);
        assertThat(objects.looked().unread()).isEqualTo(400);
        assertThat(objects.unread()).containsExactly(new Unread("400 objects of 500", Folders.LATE));
    }

    private static final class Reset extends InputStream {
        @Override
        public int read() throws IOException {
            throw new SocketException("Connection reset");
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            return read();
        }
    }

    private static RuntimeException refusal(String code) {
        return S3Exception.builder()
                .message(code + " said so")
                .awsErrorDetails(AwsErrorDetails.builder()
                        .errorCode(code)
                        .errorMessage(code + " said so")
                        .build())
                .build();
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
             "redelivered_at": "2026-01-31T12:00:00Z", "open_from": 7, "accounted": false, "claimed_rows": 0, "indexed": true, "parts": [], "version": 3, "lagging": %d}""";

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
                        case "begin.sql" -> Stream.of("{\"epoch\": 0, \"planned_at\": \"2026-01-31T12:00:00Z\"}");
                        case "count-objects.sql" -> Stream.of("{\"count\": %d}".formatted(objects));
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

    /** Answers every request as it is told. */
    private static final class Bucket implements S3Client {
        private final AtomicInteger requests = new AtomicInteger();
        private final Function<String, InputStream> answer;

        Bucket(Function<String, InputStream> answer) {
            this.answer = answer;
        }

        static Bucket failing(Function<String, Throwable> failure) {
            return new Bucket(key -> {
                switch (failure.apply(key)) {
                    case RuntimeException exception -> throw exception;
                    case Throwable other -> throw new AssertionError(other);
                }
            });
        }

        @Override
        public <T> T getObject(GetObjectRequest request, ResponseTransformer<GetObjectResponse, T> transformer) {
            requests.incrementAndGet();
            try {
                return transformer.transform(
                        GetObjectResponse.builder().build(), AbortableInputStream.create(answer.apply(request.key())));
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public String serviceName() {
            return "s3";
        }

        @Override
        public void close() {}
    }
}
