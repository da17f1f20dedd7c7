package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse;
import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse.BatchItemFailure;
import io.logcourier.localstack.Faults.Call;
import io.logcourier.localstack.Faults.Kind;
import io.logcourier.message.Message;
import io.logcourier.message.ReplayMessage;
import io.logcourier.operations.AuditReport;
import io.logcourier.worker.FaultyPorts;
import io.logcourier.worker.WorkerHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import org.gaul.s3proxy.blobstore.domain.MultipartUpload;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;

/** Targets that keep every version of an object, and ignore conditional headers, as CloudServer does, or heed them. */
class VersionedTargetIT {
    private static final String PADDING = "p".repeat(200_000);

    @RegisterExtension
    static final Stack STACK = new Stack();

    private VersioningS3 s3;
    private Installation courier;

    @BeforeEach
    void start() throws Exception {
        s3 = new VersioningS3(STACK.objects());
        courier = STACK.installation(Map.of("s3.endpoint", s3.uri().toString(), "worker.part-size", "5MiB"));
    }

    @AfterEach
    void stop() throws Exception {
        s3.stop();
    }

    @Test
    void twoWorkersThatDeliverTheSameOrdersAtOnceMakeVersionsOfTheSameBytes() {
        List<LogRow> rows = insert();
        courier.flush();
        s3.pairs = new ConcurrentHashMap<>();
        try (WorkerHandler other = new WorkerHandler(courier.settings())) {
            assertThat(courier.serve((event, context) -> {
                        CompletableFuture<SQSBatchResponse> second =
                                CompletableFuture.supplyAsync(() -> other.handleRequest(event, context));
                        List<BatchItemFailure> failures = new ArrayList<>(
                                courier.worker().handleRequest(event, context).getBatchItemFailures());
                        failures.addAll(second.join().getBatchItemFailures());
                        return new SQSBatchResponse(failures);
                    }))
                    .isTrue();
        }
        assertThat(s3.pairs).as("objects that two were writing at once").hasSize(2);

        assertDelivered(rows);
    }

    @Test
    void aRetryAfterAnAnswerThatNobodyHeardMakesAVersionOfTheSameBytes() {
        List<LogRow> rows = insert();
        courier.flush();
        s3.isUnheard = true;
        assertThat(courier.serve(courier.worker())).isTrue();
        assertThat(courier.number("SELECT count() FROM {ledger}.offsets WHERE key LIKE '%small%'"))
                .isZero();
        s3.isUnheard = false;

        assertDelivered(rows);
    }

    @Test
    void anOrderWhoseOffsetIsRefusedForAWhileIsWrittenOnce() {
        List<LogRow> rows = insert();
        courier.flush();
        s3.isConditional = true;
        Faults refusing = new Call("insert offsets", 1, false)
                .possible().stream()
                        .filter(fault -> fault.kind() == Kind.FAILS_FIVE_TIMES)
                        .findFirst()
                        .orElseThrow();
        try (FaultyPorts ports = new FaultyPorts(courier.settings(), courier.clickHouse());
                WorkerHandler worker = ports.worker(refusing)) {
            int times = 0;
            while (courier.serve(worker)) {
                times++;
            }
            assertThat(times).as("attempts until the queue has enough").isEqualTo(4);
            assertThat(courier.number("SELECT count() FROM {ledger}.offsets")).isZero();
            courier.redrive();
            assertThat(courier.serve(worker)).isTrue();
        }
        courier.drain();

        AuditReport report = courier.assertDelivered("once", rows);
        assertThat(report.isWell()).isTrue();
        assertThat(s3.versions.values()).hasSize(2).allSatisfy(versions -> assertThat(versions)
                .hasSize(1));
        assertNoUnfinishedUploads();
    }

    @Test
    void aReplayWritesOnlyWhatIsNotAsItWasDelivered() {
        List<LogRow> rows = insert();
        courier.flush();
        courier.drain();
        String spoilt = courier.objects(courier.target()).keySet().stream()
                .filter(key -> key.contains("small"))
                .findFirst()
                .orElseThrow();
        courier.s3().putObject(request -> request.bucket(courier.target()).key(spoilt), RequestBody.fromString("no"));

        for (String bucket : List.of("small", "large")) {
            courier.send(new ReplayMessage(
                            Message.VERSION,
                            "main",
                            bucket,
                            Instant.EPOCH,
                            Instant.now().plusSeconds(3600),
                            Optional.empty())
                    .body());
        }
        courier.drain();

        assertThat(courier.assertDelivered("replayed", rows).isWell()).isTrue();
        s3.versions.forEach((key, versions) -> assertThat(versions).as(key).hasSize(key.equals(spoilt) ? 2 : 1));
        assertNoUnfinishedUploads();
    }

    @Test
    void whatLiesUnderTheKeyOfAnOrderIsNotReplacedAndTheReasonIsSaid() {
        List<LogRow> rows = insert();
        courier.flush();
        s3.isConditional = true;
        String small = courier.text("SELECT key FROM {ledger}.orders WHERE bucket = 'small'")
                .strip();
        courier.s3().putObject(request -> request.bucket(courier.target()).key(small), RequestBody.fromString("no"));

        courier.drain();

        assertThat(courier.objects(courier.target()).get(small)).isEqualTo("no".getBytes(StandardCharsets.US_ASCII));
        assertThat(courier.books().refused()).singleElement().satisfies(refused -> assertThat(refused.reason())
                .contains(small, "something else is there", "remove"));
        courier.s3().deleteObject(request -> request.bucket(courier.target()).key(small));
        courier.redrive();
        courier.drain();
        assertThat(courier.assertDelivered("removed", rows).isWell()).isTrue();
    }

    /** An object of one part, and one of two. */
    private List<LogRow> insert() {
        List<LogRow> rows = Stream.concat(
                        IntStream.range(0, 3).mapToObj(i -> LogRow.of("small", "small-" + i, courier.target())),
                        IntStream.range(0, 27).mapToObj(i -> LogRow.of("large", "large-" + i, courier.target())
                                .with("userAgent", PADDING)))
                .toList();
        courier.insert(rows);
        return rows;
    }

    private void assertDelivered(List<LogRow> rows) {
        courier.drain();
        AuditReport report = courier.assertDelivered("versions", rows);
        assertThat(report.isWell()).isTrue();
        assertThat(report.balance().objects()).isEqualTo(2);
        Map<String, byte[]> objects = courier.objects(courier.target());
        assertThat(s3.versions.keySet()).isEqualTo(objects.keySet());
        s3.versions.forEach((key, versions) -> assertThat(versions).as(key).allSatisfy(version -> assertThat(version)
                .isEqualTo(objects.get(key))));
        assertThat(s3.versions.values())
                .anySatisfy(versions -> assertThat(versions).hasSizeGreaterThan(1));
        assertNoUnfinishedUploads();
    }

    private void assertNoUnfinishedUploads() {
        assertThat(courier.s3()
                        .listMultipartUploads(request -> request.bucket(courier.target()))
                        .uploads())
                .as("unfinished uploads")
                .isEmpty();
    }

    /** Another endpoint on the folder of the stack's S3. Its objects are those of the newest versions. */
    private static final class VersioningS3 {
        private static final int BOTH = 2;

        /** What S3Proxy itself writes to remember an upload. */
        private static final String STUB = ".s3proxy-mpu-stub-";

        private final Map<String, List<byte[]>> versions = new ConcurrentHashMap<>();
        private final S3Proxy server;

        /** While it is there, objects wait to be completed until two are at it. */
        private volatile Map<String, CountDownLatch> pairs;

        /** Whether objects are made, and the client is told that they failed. */
        private volatile boolean isUnheard;

        /** Whether conditional headers count. */
        private volatile boolean isConditional;

        VersioningS3(Path folder) throws Exception {
            server = S3Proxy.builder()
                    .blobStore(new Store(folder))
                    .endpoint(URI.create("http://127.0.0.1:0"))
                    .awsAuthentication(
                            AuthenticationType.AWS_V4,
                            Stack.CREDENTIALS.accessKeyId(),
                            Stack.CREDENTIALS.secretAccessKey())
                    .build();
            server.start();
        }

        URI uri() {
            return URI.create("http://127.0.0.1:" + server.getPort());
        }

        void stop() throws Exception {
            server.stop();
        }

        private final class Store extends ForwardingBlobStore {
            Store(Path folder) {
                super(new FilesystemNio2BlobStore(folder.toString()));
            }

            @Override
            public PutObjectResponse putBlob(PutObjectRequest request, InputStream body) {
                if (request.key().startsWith(STUB)) {
                    return super.putBlob(request, body);
                }
                meet(request.key());
                PutObjectResponse response = super.putBlob(
                        isConditional
                                ? request
                                : request.toBuilder()
                                        .ifMatch(null)
                                        .ifNoneMatch(null)
                                        .build(),
                        body);
                return response.toBuilder()
                        .versionId(keep(request.bucket(), request.key()))
                        .build();
            }

            @Override
            public CompleteMultipartUploadResponse completeMultipartUpload(
                    MultipartUpload upload, CompleteMultipartUploadRequest request) {
                meet(request.key());
                CompleteMultipartUploadResponse response;
                // As on S3, where an upload is completed or aborted, never half of each.
                synchronized (this) {
                    response = super.completeMultipartUpload(
                            upload,
                            isConditional
                                    ? request
                                    : request.toBuilder()
                                            .ifMatch(null)
                                            .ifNoneMatch(null)
                                            .build());
                }
                return response.toBuilder()
                        .versionId(keep(request.bucket(), request.key()))
                        .build();
            }

            @Override
            public void abortMultipartUpload(MultipartUpload upload) {
                synchronized (this) {
                    super.abortMultipartUpload(upload);
                }
            }

            private void meet(String key) {
                Map<String, CountDownLatch> waiting = pairs;
                if (waiting == null) {
                    return;
                }
                CountDownLatch both = waiting.computeIfAbsent(key, any -> new CountDownLatch(BOTH));
                both.countDown();
                try {
                    assertThat(both.await(1, TimeUnit.MINUTES))
                            .as("two at " + key)
                            .isTrue();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }

            /** Keeps what the object is now, and returns the version's name. */
            private String keep(String bucket, String key) {
                List<byte[]> all = versions.computeIfAbsent(key, any -> new CopyOnWriteArrayList<>());
                try (InputStream object = getBlob(
                        GetObjectRequest.builder().bucket(bucket).key(key).build())) {
                    all.add(object.readAllBytes());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                if (isUnheard) {
                    throw new IllegalStateException("unheard on purpose");
                }
                return "version-" + all.size();
            }
        }
    }
}
