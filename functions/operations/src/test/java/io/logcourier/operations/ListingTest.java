package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.operations.Audit.Difference;
import io.logcourier.operations.Audit.Unread;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.HeadObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

/** What lies beside the objects of a ledger, which folders are listed for it, and whom an object may belong to. */
class ListingTest {
    private static final String OURS = "logs/2026-01-31-12-00-00-0000000000000001";
    private static final String THEIRS = "logs/2026-01-31-12-00-00-0000000000000002";
    private static final String NOBODYS = "logs/2026-01-31-12-00-00-0000000000000003";

    private final Settings settings =
            Settings.read(Map.of("audit.own-targets", "logs-of-us/logs/", "s3.targets", "!forbidden,*"), Map.of());
    private final List<String> listed = new ArrayList<>();

    @Test
    void whatNoOrderOfAnyLaneNamesIsAStrangerWhereNobodyElseWrites() {
        Folders.Found found = look("logs-of-us", Scope.of(settings).beside(List.of(neighbour(books("logs-of-us", 2)))));

        assertThat(found.differences())
                .extracting(Difference::what)
                .containsExactly("object logs-of-us/" + NOBODYS + " belongs to no order");
        assertThat(found.unread()).isEmpty();
    }

    @Test
    void aLaneThatCannotBeAskedLeavesOpenWhoseAnObjectIs() {
        Folders.Found found = look("logs-of-us", Scope.of(settings).beside(List.of(neighbour(new Down()))));

        assertThat(found.differences()).isEmpty();
        assertThat(found.unread()).containsExactly(new Unread("what may belong to lane main", "it is down"));
    }

    @Test
    void strangersAreNobodysBusinessWhereOthersWriteToo() {
        assertThat(look("logs-of-all", Scope.of(settings)).differences())
                .extracting(Difference::what)
                .noneMatch(what -> what.startsWith("object logs-of-all/"));
    }

    @Test
    void aFolderThatMayNotBeListedIsUnreadAndABucketThatIsNotThereHasNothing() {
        assertThat(look("denied", Scope.of(settings)).unread())
                .singleElement()
                .satisfies(unread -> assertThat(unread.what()).isEqualTo("folder denied/logs/"));
        assertThat(look("gone", Scope.of(settings)).unread()).isEmpty();
    }

    @Test
    void foldersAreListedThatOrdersOrSettingsNameAndThatMayHaveObjects() {
        look("forbidden", Scope.of(settings));
        assertThat(listed).containsExactly("logs-of-us/logs/");

        listed.clear();
        look("no bucket name", Scope.of(settings));
        assertThat(listed).containsExactly("logs-of-us/logs/");

        listed.clear();
        look("logs-of-all", Scope.of(settings).alone());
        assertThat(listed).containsExactly("logs-of-all/");
    }

    @Test
    void whatIsNotListedInTimeIsUnread() {
        assertThat(look("logs-of-us", Scope.of(settings).only(Share.ALL, () -> true))
                        .unread())
                .containsExactly(new Unread("folder logs-of-us/logs/", Folders.LATE));
        assertThat(listed).isEmpty();
    }

    /** Looks for a lane with one order, whose object has the first key. */
    private Folders.Found look(String bucket, Scope scope) {
        return new Folders(books(bucket, 1), settings.lane(), new Buckets(), scope, new Refusals()).look();
    }

    private Scope.Neighbour neighbour(ClickHouse clickHouse) {
        return new Scope.Neighbour(settings.lane(), clickHouse);
    }

    /** The books of a lane whose one order has a unique string. */
    private static ClickHouse books(String bucket, long mark) {
        return new Books(Map.of(
                "head.sql",
                """
                {"now": "2026-01-31T12:00:00Z", "epoch": 7, "planned_at": "2026-01-31T12:00:00Z", "planner": "", "ledger": "", "log_table": "",
                 "server": "", "claims": [], "frontier": [], "order_count": 0, "ordered_through": 7, "sent_through": 7,
                 "redelivered_at": "2026-01-31T12:00:00Z", "open_from": 7, "accounted": false, "claimed_rows": 0, "indexed": true, "parts": [], "version": 3, "lagging": 0}""",
                "begin.sql",
                "{\"epoch\": 0, \"planned_at\": \"2026-01-01T12:00:00Z\"}",
                "folders.sql",
                "{\"bucket\": \"%s\", \"prefix\": \"logs/\", \"is_due\": true}".formatted(bucket),
                "marked.sql",
                """
                {"mark": %d, "epoch": 5, "number": 0, "bucket": "cats", "target_bucket": "%s",
                 "key": "logs/2026-01-31-12-00-00-%016X", "is_delivered": true, "is_superseded": false}""".formatted(mark, bucket, mark)));
    }

    /** Answers statements by their name; what it has no answer for has no rows. */
    private record Books(Map<String, String> answers) implements ClickHouse {
        @Override
        public InputStream query(Statement statement, String format) {
            return new ByteArrayInputStream("{\"data\": [%s]}"
                    .formatted(answers.getOrDefault(statement.name(), ""))
                    .getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void insert(String table, String format, byte[] rows, Map<String, String> settings) {
            throw new AssertionError("an audit only reads, this writes into " + table);
        }

        @Override
        public void close() {}
    }

    private record Down() implements ClickHouse {
        @Override
        public InputStream query(Statement statement, String format) {
            throw new RetryableException("it is down");
        }

        @Override
        public void insert(String table, String format, byte[] rows, Map<String, String> settings) {
            throw new AssertionError("an audit only reads, this writes into " + table);
        }

        @Override
        public void close() {}
    }

    /** Buckets with three objects each, without metadata, but for one that is not there and one that lets nobody in. */
    private final class Buckets implements S3Client {
        @Override
        public ListObjectsV2Response listObjectsV2(ListObjectsV2Request request) {
            listed.add(request.bucket() + "/" + request.prefix());
            return switch (request.bucket()) {
                case "gone" -> throw NoSuchBucketException.builder().build();
                case "denied" -> throw S3Exception.builder().message("denied").build();
                default ->
                    ListObjectsV2Response.builder()
                            .isTruncated(false)
                            .contents(List.of(OURS, THEIRS, NOBODYS).stream()
                                    .map(key -> S3Object.builder()
                                            .key(key)
                                            .lastModified(Instant.parse("2026-01-31T12:00:00Z"))
                                            .build())
                                    .toList())
                            .build();
            };
        }

        @Override
        public HeadObjectResponse headObject(HeadObjectRequest request) {
            return HeadObjectResponse.builder().metadata(Map.of()).build();
        }

        @Override
        public String serviceName() {
            return "s3";
        }

        @Override
        public void close() {}
    }
}
