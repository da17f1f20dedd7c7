package io.logcourier.localstack.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

class LocalS3IT {
    private static final AwsCredentials CREDENTIALS = AwsBasicCredentials.create("courier", "throw-away");
    private static final String BUCKET = "logs";
    private static final int MEBIBYTE = 1 << 20;

    @TempDir
    Path folder;

    private LocalS3 server;
    private S3Client s3;

    @BeforeEach
    void start() throws IOException {
        server = new LocalS3(folder, 0, CREDENTIALS);
        s3 = client(server.uri(), CREDENTIALS);
        s3.createBucket(request -> request.bucket(BUCKET));
    }

    @AfterEach
    void stop() throws IOException {
        s3.close();
        server.close();
    }

    @Test
    void objectsAreFilesInTheBucketsFolder() {
        put("app/2026-01-01-00-00-00-0123456789ABCDEF", "line\n");

        assertThat(folder.resolve("logs/app/2026-01-01-00-00-00-0123456789ABCDEF"))
                .hasContent("line\n");
    }

    static List<String> oddKeys() {
        return List.of(
                "a b",
                " lead and trail ",
                "quo\"te'",
                "new\nline",
                "tab\there",
                "emoji😀",
                "é".repeat(100),
                "a+b&c=d?e#f%2Fg",
                "back\\slash",
                "x".repeat(218),
                ("x".repeat(200) + "/").repeat(5) + "y".repeat(19));
    }

    @ParameterizedTest
    @MethodSource("oddKeys")
    void oddKeysComeBackAsTheyWere(String key) {
        put(key, "body");

        assertThat(s3.getObjectAsBytes(request -> request.bucket(BUCKET).key(key))
                        .asUtf8String())
                .isEqualTo("body");
        assertThat(keys()).containsExactly(key);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a//b", "/a", "..", "a/../b", ".mpus-a"})
    void keysThatAFolderCannotHoldAreRefused(String key) {
        assertThatThrownBy(() -> put(key, "body")).isInstanceOf(S3Exception.class);
        assertThat(keys()).isEmpty();
    }

    @Test
    void aMissingBucketIsNamedAsTheReason() {
        assertThatExceptionOfType(NoSuchBucketException.class)
                .isThrownBy(() ->
                        s3.putObject(request -> request.bucket("missing").key("key"), RequestBody.fromString("body")))
                .satisfies(e -> assertThat(e.statusCode()).isEqualTo(404))
                .satisfies(e -> assertThat(e.awsErrorDetails().errorCode()).isEqualTo("NoSuchBucket"));
    }

    @Test
    void aWrongSecretIsRefused() {
        try (S3Client stranger = client(server.uri(), AwsBasicCredentials.create("courier", "guessed"))) {
            assertThatExceptionOfType(S3Exception.class)
                    .isThrownBy(stranger::listBuckets)
                    .satisfies(e -> assertThat(e.statusCode()).isEqualTo(403));
        }
    }

    @Test
    void checksumsAreChecked() {
        RequestBody body = RequestBody.fromString("123456789");
        s3.putObject(request -> request.bucket(BUCKET).key("right").checksumCRC32C("4waSgw=="), body);

        assertThatExceptionOfType(S3Exception.class)
                .isThrownBy(() -> s3.putObject(
                        request -> request.bucket(BUCKET).key("wrong").checksumCRC32C("AAAAAA=="), body))
                .satisfies(e -> assertThat(e.awsErrorDetails().errorCode()).isEqualTo("BadDigest"));
        assertThat(keys()).containsExactly("right");
    }

    @Test
    void aMultipartUploadAppearsWhenItIsCompleted() {
        String upload = s3.createMultipartUpload(
                        request -> request.bucket(BUCKET).key("large"))
                .uploadId();
        List<CompletedPart> parts =
                List.of(part(upload, 1, new byte[5 * MEBIBYTE]), part(upload, 2, new byte[] {1, 2, 3}));
        assertThat(keys()).isEmpty();

        s3.completeMultipartUpload(request ->
                request.bucket(BUCKET).key("large").uploadId(upload).multipartUpload(all -> all.parts(parts)));

        assertThat(s3.getObjectAsBytes(request -> request.bucket(BUCKET).key("large"))
                        .asByteArray())
                .hasSize(5 * MEBIBYTE + 3)
                .endsWith(1, 2, 3);
    }

    @Test
    void anAbortedMultipartUploadLeavesNothing() {
        String upload = s3.createMultipartUpload(
                        request -> request.bucket(BUCKET).key("large"))
                .uploadId();
        part(upload, 1, new byte[] {1, 2, 3});

        s3.abortMultipartUpload(request -> request.bucket(BUCKET).key("large").uploadId(upload));

        assertThat(keys()).isEmpty();
        assertThat(folder.resolve(BUCKET)).isEmptyDirectory();
    }

    @Test
    void anUploadCutInTheMiddleLeavesNothing() {
        CountDownLatch atOnce = new CountDownLatch(0);
        RequestBody cut = RequestBody.fromInputStream(new Stalling(new byte[3 * MEBIBYTE], atOnce), 4 * MEBIBYTE);

        assertThatThrownBy(() -> s3.putObject(request -> request.bucket(BUCKET).key("cut"), cut))
                .isNotInstanceOf(S3Exception.class);

        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(folder.resolve(BUCKET)).isEmptyDirectory());
    }

    @Test
    void aProcessKilledDuringAnUploadLeavesNothingOnceStartedAgain(@TempDir Path killed) throws Exception {
        Process process = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        LocalS3Process.class.getName(),
                        killed.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        CountDownLatch uploading = new CountDownLatch(1);
        try (S3Client victim = client(URI.create(process.inputReader().readLine()), CREDENTIALS)) {
            victim.createBucket(request -> request.bucket(BUCKET));
            victim.putObject(request -> request.bucket(BUCKET).key("whole"), RequestBody.fromString("body"));
            RequestBody half =
                    RequestBody.fromInputStream(new Stalling(new byte[3 * MEBIBYTE], uploading), 4 * MEBIBYTE);
            Thread upload = Thread.startVirtualThread(() -> assertThatThrownBy(
                    () -> victim.putObject(request -> request.bucket(BUCKET).key("half"), half)));
            await().until(() -> victim.listObjectsV2(request -> request.bucket(BUCKET)).contents().stream()
                    .map(S3Object::key)
                    .anyMatch(key -> key.startsWith("half-")));
            process.destroyForcibly().waitFor();
            uploading.countDown();
            upload.join();
        }
        assertThat(killed.resolve(BUCKET)).isDirectoryContaining("glob:**half-*");

        try (LocalS3 again = new LocalS3(killed, 0, CREDENTIALS);
                S3Client client = client(again.uri(), CREDENTIALS)) {
            assertThat(client.listObjectsV2(request -> request.bucket(BUCKET)).contents())
                    .extracting(S3Object::key)
                    .containsExactly("whole");
            assertThat(client.getObjectAsBytes(request -> request.bucket(BUCKET).key("whole"))
                            .asUtf8String())
                    .isEqualTo("body");
        }
    }

    @Test
    void aTakenPortIsNamed() {
        int port = server.uri().getPort();

        assertThatThrownBy(() -> new LocalS3(folder, port, CREDENTIALS).close())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("127.0.0.1:" + port);
    }

    private void put(String key, String body) {
        s3.putObject(request -> request.bucket(BUCKET).key(key), RequestBody.fromString(body));
    }

    private CompletedPart part(String upload, int number, byte[] bytes) {
        String tag = s3.uploadPart(
                        request -> request.bucket(BUCKET)
                                .key("large")
                                .uploadId(upload)
                                .partNumber(number),
                        RequestBody.fromBytes(bytes))
                .eTag();
        return CompletedPart.builder().partNumber(number).eTag(tag).build();
    }

    private List<String> keys() {
        return s3.listObjectsV2(request -> request.bucket(BUCKET)).contents().stream()
                .map(S3Object::key)
                .toList();
    }

    private static S3Client client(URI endpoint, AwsCredentials credentials) {
        return S3Client.builder()
                .endpointOverride(endpoint)
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                .credentialsProvider(StaticCredentialsProvider.create(credentials))
                .build();
    }

    /** Gives some bytes, waits, and fails. */
    private static final class Stalling extends InputStream {
        private final InputStream bytes;
        private final CountDownLatch wait;

        Stalling(byte[] bytes, CountDownLatch wait) {
            this.bytes = new ByteArrayInputStream(bytes);
            this.wait = wait;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            read(one, 0, 1);
            return one[0];
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            int count = bytes.read(target, offset, length);
            if (count > 0) {
                return count;
            }
            try {
                wait.await();
            } catch (InterruptedException e) {
                throw new IOException("interrupted", e);
            }
            throw new IOException("cut");
        }
    }

    /** An endpoint to be killed; prints where it listens. */
    static final class LocalS3Process {
        private LocalS3Process() {}

        @SuppressWarnings("SystemOut")
        public static void main(String[] arguments) throws IOException {
            LocalS3 server = new LocalS3(Path.of(arguments[0]), 0, CREDENTIALS);
            System.out.println(server.uri());
        }
    }
}
