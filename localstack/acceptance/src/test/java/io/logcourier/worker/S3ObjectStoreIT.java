package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.Rendering;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Compression;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.ReplayMessage;
import io.logcourier.operations.Audit;
import io.logcourier.s3.TargetClient;
import io.logcourier.worker.ObjectStore.Label;
import io.logcourier.worker.ObjectStore.Target;
import io.logcourier.worker.ObjectStore.Terms;
import io.logcourier.worker.ObjectStore.Upload;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.s3.S3Client;

/** What goes with an object: its metadata, and the conditions under which it is written. */
class S3ObjectStoreIT {
    private static final String OWNER = "X-amz-expected-bucket-owner";
    private static final String ROLE = "arn:aws:iam::210987654321:role/logs/delivery";
    private static final Target TARGET = new Target("cats", "key");
    private static final Terms TERMS = new Terms(false, Deadline.in(Duration.ofHours(1)));
    private static final Label LABEL = new Label("text/plain", Map.of("order", "5/2"));

    /** It needs the credentials that the stack sets, too. */
    @RegisterExtension
    static final Stack STACK = new Stack();

    @Test
    void anObjectNamesItsOrderInOnePartAndInMany() {
        Installation courier = STACK.installation(Map.of("worker.part-size", "5MiB"));
        List<LogRow> rows = new ArrayList<>(rows(courier, "small", 3, "agent"));
        rows.addAll(rows(courier, "large", 100, "x".repeat(64 * 1024)));
        courier.insert(rows);
        courier.flush();
        courier.drain();

        Map<String, Map<String, String>> metadata = metadata(courier);

        assertThat(metadata.values())
                .allSatisfy(one -> assertThat(one).containsOnlyKeys("order", "rows", "first-time", "last-time"))
                .extracting(one -> one.get("rows") + " " + one.get("first-time") + " " + one.get("last-time"))
                .containsExactlyInAnyOrder(
                        "3 2026-01-01T00:00:00.123Z 2026-01-01T00:00:02.123Z",
                        "100 2026-01-01T00:00:00.123Z 2026-01-01T00:01:39.123Z");
        List<String> orders =
                metadata.values().stream().map(one -> one.get("order")).sorted().toList();
        String epoch = orders.getFirst().replaceAll("/.*", "");
        assertThat(orders).containsExactly(epoch + "/0", epoch + "/1");
    }

    @Test
    void aSettingChangedBeforeARetryChangesNeitherKeyNorBytesNorMetadata() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 10, "agent");
        courier.insert(rows);
        courier.flush();
        courier.drain();
        Map<String, byte[]> objects = courier.objects(courier.target());
        Map<String, Map<String, String>> metadata = metadata(courier);
        objects.keySet().forEach(key -> courier.s3()
                .deleteObject(request -> request.bucket(courier.target()).key(key)));
        Settings settings = courier.settings();
        Settings changed = courier.settings(Map.of("delivery.source-region", "eu-north-1", "s3.acl", "private"));

        courier.send(new ReplayMessage(
                        OrderMessage.VERSION,
                        settings.lane().name(),
                        "bucket",
                        Instant.EPOCH,
                        Instant.now().plusSeconds(3600),
                        Optional.empty())
                .body());
        try (WorkerHandler worker = new WorkerHandler(changed)) {
            assertThat(courier.serve(worker)).as("the replay").isTrue();
            assertThat(courier.serve(worker)).as("its orders").isTrue();
            assertThat(courier.serve(worker)).as("more").isFalse();
        }

        assertThat(courier.objects(courier.target())).containsExactlyEntriesOf(objects);
        assertThat(metadata(courier)).isEqualTo(metadata);
    }

    @Test
    void aTargetThatIsNotAllowedGetsNothingUntilItIs() {
        Installation courier = STACK.installation(Map.of("worker.attempts", "1"));
        List<LogRow> rows = rows(courier, "bucket", 10, "agent");
        courier.insert(rows);
        courier.flush();
        try (WorkerHandler worker =
                new WorkerHandler(courier.settings(Map.of("s3.targets", "!" + courier.target() + ",*")))) {
            assertThat(courier.serve(worker)).as("the orders").isTrue();
            assertThat(courier.serve(worker)).as("more").isFalse();
        }
        assertThat(courier.objects(courier.target())).isEmpty();
        assertThat(courier.audit().refused())
                .extracting(Audit.Refused::reason)
                .containsExactly("s3.targets does not allow objects in bucket " + courier.target());

        courier.redrive();
        courier.drain();

        courier.assertDelivered("allowed", rows);
    }

    /** S3Proxy knows nothing of owners and encryption: what is asked for is what this checks. */
    @Test
    void everyRequestAsksForTheOwnerAndEveryObjectForAclAndEncryption() throws IOException {
        Map<String, String> flags = Map.of(
                "s3.bucket-owners", "123456789012, cats=210987654321",
                "s3.acl", "bucket-owner-full-control",
                "s3.encryption", "aws:kms:dsse",
                "s3.encryption-key", "alias/logs");

        Queue<Request> requests = requests(flags);

        assertThat(requests).allSatisfy(request -> assertThat(request.headers()).containsEntry(OWNER, "210987654321"));
        requests.forEach(request -> {
            if (request.call().equals("put") || request.call().equals("begin")) {
                assertThat(request.headers())
                        .as(request.call())
                        .containsEntry("X-amz-acl", "bucket-owner-full-control")
                        .containsEntry("X-amz-server-side-encryption", "aws:kms:dsse")
                        .containsEntry("X-amz-server-side-encryption-aws-kms-key-id", "alias/logs")
                        .containsEntry("X-amz-meta-order", "5/2");
            } else {
                assertThat(request.headers())
                        .as(request.call())
                        .doesNotContainKeys("X-amz-acl", "X-amz-server-side-encryption", "X-amz-meta-order");
            }
        });
    }

    @Test
    void everyObjectGoesOutWithItsGrants() throws IOException {
        Queue<Request> requests = requests(Map.of(
                "s3.grants",
                "read=id:1,read=id:2,read-acp=id:3,write-acp=id:4,full-control=emailAddress:a@example.com"));

        assertThat(requests)
                .filteredOn(request ->
                        request.call().equals("put") || request.call().equals("begin"))
                .isNotEmpty()
                .allSatisfy(request -> assertThat(request.headers())
                        .containsEntry("X-amz-grant-read", "id=\"1\", id=\"2\"")
                        .containsEntry("X-amz-grant-read-acp", "id=\"3\"")
                        .containsEntry("X-amz-grant-write-acp", "id=\"4\"")
                        .containsEntry("X-amz-grant-full-control", "emailAddress=\"a@example.com\""));
    }

    @Test
    void requestsAreMadeInTheRoleOfTheirBucket() throws IOException {
        Queue<String> asked = new ConcurrentLinkedQueue<>();
        Map<String, String> flags =
                Map.of("s3.roles", "dogs=%1$s-of-dogs,cat*=%1$s we/7,*=%1$s-of-others".formatted(ROLE));

        Queue<Request> requests = requests(flags, exchange -> {
            asked.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.US_ASCII));
            answer(exchange, 200, """
                    <AssumeRoleResponse><AssumeRoleResult><Credentials>
                    <AccessKeyId>ASSUMED</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
                    <SessionToken>token</SessionToken><Expiration>%s</Expiration>
                    </Credentials></AssumeRoleResult></AssumeRoleResponse>
                    """.formatted(Instant.now().plusSeconds(3600)));
        });

        assertThat(requests).allSatisfy(request -> assertThat(request.headers())
                .containsEntry("X-amz-security-token", "token")
                .hasEntrySatisfying("Authorization", value -> assertThat(value).contains("Credential=ASSUMED/")));
        assertThat(asked).singleElement().satisfies(body -> assertThat(body)
                .contains("Action=AssumeRole&")
                .contains("RoleArn=" + URLEncoder.encode(ROLE, StandardCharsets.US_ASCII) + "&")
                .contains("RoleSessionName=log-courier")
                .contains("ExternalId=we%2F7"));
    }

    @Test
    void aBucketWithoutARoleGetsRequestsInOnesOwnName() throws IOException {
        assertThat(requests(Map.of("s3.roles", "dogs=" + ROLE))).allSatisfy(request -> assertThat(request.headers())
                .doesNotContainKey("X-amz-security-token")
                .hasEntrySatisfying("Authorization", value -> assertThat(value)
                        .contains("Credential=" + Stack.CREDENTIALS.accessKeyId() + "/")));
    }

    @Test
    void aRoleThatMayNotBeAssumedIsARefusal() {
        assertThatThrownBy(() -> requests(Map.of("s3.roles", "*=" + ROLE), S3ObjectStoreIT::refuse))
                .isInstanceOf(TargetRefusedException.class)
                .hasMessageContaining("AccessDenied: cannot write cats/key")
                .hasMessageContaining(ROLE);
    }

    @Test
    void anAuditThatMayReadNothingSaysSoOnceAndNamesTheRole() throws IOException {
        Installation courier = STACK.installation();
        courier.insert(rows(courier, "bucket", 1, "agent"));
        courier.flush();
        courier.drain();
        HttpServer sts = server();
        sts.createContext("/", S3ObjectStoreIT::refuse);
        Settings settings = courier.settings(Map.of(
                "s3.roles", "*=" + ROLE,
                "sts.endpoint", "http://localhost:" + sts.getAddress().getPort()));
        try (S3Client s3 = TargetClient.of(settings)) {
            Audit audit = new Audit(courier.clickHouse(), settings);
            assertThatThrownBy(() -> audit.reportAlone(s3, settings, false, read -> {}))
                    .isInstanceOf(RetryableException.class)
                    .hasMessageContaining("none of the 2 objects and folders")
                    .hasMessageContaining(ROLE);
        } finally {
            sts.stop(0);
        }
    }

    private static void refuse(HttpExchange exchange) throws IOException {
        answer(
                exchange,
                403,
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no, %s</Message></Error></ErrorResponse>"
                        .formatted(ROLE));
    }

    @Test
    void withoutSettingsNothingIsAskedFor() throws IOException {
        assertThat(requests(Map.of())).allSatisfy(request -> assertThat(request.headers())
                .doesNotContainKeys(
                        OWNER,
                        "X-amz-acl",
                        "X-amz-grant-read",
                        "X-amz-server-side-encryption",
                        "X-amz-server-side-encryption-aws-kms-key-id"));
    }

    /** They stay until somebody changes a setting or the target: the order is given up, not tried for ever. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "AccessControlListNotSupported",
                "AccessDenied",
                "InvalidArgument",
                "KMS.DisabledException",
                "KMS.KMSInvalidStateException",
                "QuotaExceeded",
                "UnresolvableGrantByEmailAddress"
            })
    void conditionsThatATargetDoesNotMeetAreARefusal(String code) throws IOException {
        HttpServer server = server();
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            answer(exchange, 400, "<Error><Code>%s</Code></Error>".formatted(code));
        });
        try (S3ObjectStore store = store(server, Map.of())) {
            assertThatThrownBy(() -> store.put(TARGET, LABEL, part(), TERMS))
                    .isInstanceOf(TargetRefusedException.class)
                    .hasMessageContaining(code)
                    .hasMessageContaining("redrive");
        } finally {
            server.stop(0);
        }
    }

    /** Something holds the key already, or another request for it is under way. */
    @Test
    void anObjectThatMustNotReplaceAnotherDoesNot() throws IOException {
        Queue<Request> requests = new ConcurrentLinkedQueue<>();
        HttpServer server = server();
        int[] status = {412};
        server.createContext("/", exchange -> {
            if (Optional.ofNullable(exchange.getRequestHeaders().getFirst("If-None-Match"))
                    .filter("*"::equals)
                    .isPresent()) {
                exchange.getRequestBody().readAllBytes();
                requests.add(new Request("conditional", Map.of()));
                answer(
                        exchange,
                        status[0],
                        "<Error><Code>%s</Code></Error>"
                                .formatted(
                                        status[0] == 412
                                                ? "PreconditionFailed"
                                                : status[0] == 409 ? "ConditionalRequestConflict" : "NotImplemented"));
            } else {
                answer(exchange, requests);
            }
        });
        try (S3ObjectStore store = store(server, Map.of())) {
            Upload upload = store.begin(TARGET, LABEL);
            upload.part(1, part());
            assertThat(store.put(TARGET, LABEL, part(), TERMS)).isFalse();
            assertThat(upload.complete(TERMS)).isFalse();
            upload.abort();
            assertThat(requests)
                    .extracting(Request::call)
                    .containsExactly("begin", "part", "conditional", "conditional", "abort");
            assertThat(store.put(TARGET, LABEL, part(), new Terms(true, TERMS.deadline())))
                    .isTrue();

            status[0] = 409;
            assertThatThrownBy(() -> store.put(TARGET, LABEL, part(), TERMS))
                    .isInstanceOf(RetryableException.class)
                    .hasMessageContaining("ConditionalRequestConflict");

            status[0] = 501;
            requests.clear();
            assertThat(store.put(TARGET, LABEL, part(), TERMS)).isTrue();
            assertThat(store.put(TARGET, LABEL, part(), TERMS)).isTrue();
            assertThat(requests).extracting(Request::call).containsExactly("conditional", "put", "put");
        } finally {
            server.stop(0);
        }
    }

    @Test
    void aBucketInAnotherRegionIsServedThere() throws IOException {
        Queue<Request> requests = new ConcurrentLinkedQueue<>();
        HttpServer server = server();
        server.createContext("/", exchange -> {
            exchange.getResponseHeaders().add("x-amz-bucket-region", "eu-west-3");
            if (exchange.getRequestHeaders().getFirst("Authorization").contains("/eu-west-3/s3/")) {
                answer(exchange, requests);
            } else {
                exchange.getRequestBody().readAllBytes();
                answer(exchange, 301, "<Error><Code>PermanentRedirect</Code></Error>");
            }
        });
        try (S3ObjectStore store = store(server, Map.of())) {
            assertThat(store.put(TARGET, LABEL, part(), TERMS)).isTrue();
            assertThat(store.find(TARGET, Rendering.TEXT, Compression.NONE)).isPresent();
            assertThat(requests).extracting(Request::call).containsExactly("put", "find");
        } finally {
            server.stop(0);
        }
    }

    /** As when the process is frozen while S3 answers, and the SDK would then try again. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void noRequestIsSentPastTheDeadline(boolean inParts) throws IOException {
        AtomicLong nanoseconds = new AtomicLong();
        Deadline deadline = new Deadline(Duration.ofMinutes(5), nanoseconds::get, () -> Instant.EPOCH);
        Terms terms = new Terms(false, deadline);
        AtomicInteger completing = new AtomicInteger();
        HttpServer server = server();
        server.createContext("/", exchange -> {
            if (exchange.getRequestHeaders().containsKey("If-None-Match")) {
                exchange.getRequestBody().readAllBytes();
                completing.incrementAndGet();
                nanoseconds.addAndGet(Duration.ofHours(1).toNanos());
                answer(exchange, 503, "<Error><Code>SlowDown</Code></Error>");
            } else {
                answer(exchange, new ConcurrentLinkedQueue<>());
            }
        });
        try (S3ObjectStore store = store(server, Map.of())) {
            Upload upload = store.begin(TARGET, LABEL);
            upload.part(1, part());

            assertThatThrownBy(() -> {
                        boolean _ = inParts ? upload.complete(terms) : store.put(TARGET, LABEL, part(), terms);
                    })
                    .isInstanceOf(RetryableException.class);
            assertThat(completing).hasValue(1);
            assertThatThrownBy(() -> {
                        boolean _ = store.put(TARGET, LABEL, part(), terms);
                    })
                    .isInstanceOf(RetryableException.class)
                    .hasMessageContaining("cats/key is not written");
            assertThat(completing).hasValue(1);
        } finally {
            server.stop(0);
        }
    }

    @Test
    void anObjectThatIsNoWholeFileIsFoundWithoutContents() throws IOException {
        HttpServer server = server();
        server.createContext("/", exchange -> answer(exchange, new ConcurrentLinkedQueue<>()));
        try (S3ObjectStore store = store(server, Map.of())) {
            for (Compression compression : List.of(Compression.GZIP, Compression.ZSTD)) {
                assertThat(store.find(TARGET, Rendering.TEXT, compression))
                        .hasValueSatisfying(
                                found -> assertThat(found.contents()).isEmpty());
            }
            assertThat(store.find(TARGET, Rendering.PARQUET, Compression.NONE))
                    .hasValueSatisfying(found -> assertThat(found.contents()).isEmpty());
            assertThat(store.find(TARGET, Rendering.TEXT, Compression.NONE))
                    .hasValueSatisfying(found -> assertThat(found.contents()).isPresent());
        } finally {
            server.stop(0);
        }
    }

    private static HttpServer server() throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.start();
        return server;
    }

    private static S3ObjectStore store(HttpServer server, Map<String, String> flags) {
        Map<String, String> all = new TreeMap<>(flags);
        all.put("s3.endpoint", "http://localhost:" + server.getAddress().getPort());
        return new S3ObjectStore(Settings.read(all, Map.of()));
    }

    /** A request, and its headers. */
    private record Request(String call, Map<String, String> headers) {}

    /** The requests of all that the store does, to a server that writes them down. */
    private static Queue<Request> requests(Map<String, String> flags) throws IOException {
        Queue<Request> requests = new ConcurrentLinkedQueue<>();
        HttpServer server = server();
        server.createContext("/", exchange -> answer(exchange, requests));
        try (S3ObjectStore store = store(server, flags)) {
            store.put(TARGET, LABEL, part(), TERMS);
            Upload upload = store.begin(TARGET, LABEL);
            upload.part(1, part());
            upload.complete(TERMS);
            store.begin(TARGET, LABEL).abort();
            store.find(TARGET, Rendering.TEXT, Compression.NONE);
        } finally {
            server.stop(0);
        }
        assertThat(requests)
                .extracting(Request::call)
                .containsExactly("put", "begin", "part", "complete", "list", "abort", "begin", "abort", "find");
        return requests;
    }

    /** With an STS, too. */
    private static Queue<Request> requests(Map<String, String> flags, HttpHandler sts) throws IOException {
        HttpServer server = server();
        server.createContext("/", sts);
        Map<String, String> all = new TreeMap<>(flags);
        all.put("sts.endpoint", "http://localhost:" + server.getAddress().getPort());
        try {
            return requests(all);
        } finally {
            server.stop(0);
        }
    }

    private static Part part() {
        Part part = new Part(new CRC32C());
        part.write("line\n".getBytes(StandardCharsets.US_ASCII), 0, 5);
        part.end();
        return part;
    }

    private static void answer(HttpExchange exchange, Queue<Request> requests) throws IOException {
        exchange.getRequestBody().readAllBytes();
        String query = Optional.ofNullable(exchange.getRequestURI().getQuery()).orElse("");
        boolean isUpload = query.contains("uploadId");
        String call =
                switch (exchange.getRequestMethod()) {
                    case "PUT" -> isUpload ? "part" : "put";
                    case "POST" -> isUpload ? "complete" : "begin";
                    case "DELETE" -> "abort";
                    default -> query.contains("uploads") ? "list" : "find";
                };
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.getFirst()));
        requests.add(new Request(call, headers));
        String answer =
                switch (call) {
                    case "begin" ->
                        "<InitiateMultipartUploadResult><UploadId>one</UploadId></InitiateMultipartUploadResult>";
                    case "complete" ->
                        "<CompleteMultipartUploadResult><ETag>\"etag\"</ETag></CompleteMultipartUploadResult>";
                    case "list" ->
                        "<ListMultipartUploadsResult><Upload><Key>key</Key><UploadId>other</UploadId></Upload></ListMultipartUploadsResult>";
                    case "find" -> "line\n";
                    default -> "";
                };
        exchange.getResponseHeaders().add("ETag", "\"etag\"");
        answer(exchange, 200, answer);
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.US_ASCII);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static Map<String, Map<String, String>> metadata(Installation courier) {
        Map<String, Map<String, String>> metadata = new TreeMap<>();
        courier.objects(courier.target())
                .keySet()
                .forEach(key -> metadata.put(
                        key,
                        courier.s3()
                                .headObject(request ->
                                        request.bucket(courier.target()).key(key))
                                .metadata()));
        return metadata;
    }

    private static List<LogRow> rows(Installation courier, String bucket, int count, String agent) {
        return IntStream.range(0, count)
                .mapToObj(i -> LogRow.of(bucket, bucket + "-" + i, courier.target())
                        .with("startTime", "%d.123".formatted(1_767_225_600L + i))
                        .with("userAgent", agent))
                .toList();
    }
}
