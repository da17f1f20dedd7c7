package io.logcourier.localstack.s3;

import io.logcourier.localstack.door.Door;
import io.logcourier.localstack.door.PrivateFolder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.ForwardingBlobStore;
import org.gaul.s3proxy.blobstore.domain.MultipartUpload;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import org.gaul.shaded.org.eclipse.jetty.http.HttpHeader;
import org.gaul.shaded.org.eclipse.jetty.io.Content;
import org.gaul.shaded.org.eclipse.jetty.server.Handler;
import org.gaul.shaded.org.eclipse.jetty.server.Request;
import org.gaul.shaded.org.eclipse.jetty.server.Response;
import org.gaul.shaded.org.eclipse.jetty.server.Server;
import org.gaul.shaded.org.eclipse.jetty.util.Callback;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.CompleteMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.CopyObjectRequest;
import software.amazon.awssdk.services.s3.model.CopyObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;

/**
 * An S3 endpoint on the loopback interface that keeps its objects in a folder, which is the user's alone: one folder per
 * bucket, one file per object, the key as the path. Requests must be signed (Signature Version 4) and address buckets by
 * path; those that a {@link Door} refuses get no further.
 *
 * <p>The folder outlives the endpoint: started again on it, all objects are there. An object appears under its key
 * whole or not at all. While it is uploaded, though, the part that has arrived lies beside it, and is listed, as
 * {@code <key>-<uuid>}; what a killed process leaves of that is removed at the next start.
 *
 * <p>A folder holds less than S3: a part of a key between two slashes has at most 218 bytes (255, less the suffix
 * above); {@code a} and {@code a/b} exclude each other; a key that ends in a slash loses its content; S3Proxy refuses
 * {@code a//b} and a leading slash. A key with a control character other than tab and line break breaks the listing of
 * its bucket. Thread-safe.
 */
public final class LocalS3 implements AutoCloseable {
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final Pattern UNFINISHED =
            Pattern.compile(".+-\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}", Pattern.DOTALL);

    private static final String OBJECT_MARK = "log-courier.object";

    private final S3Proxy server;

    /**
     * Starts the endpoint; it answers when the constructor returns.
     *
     * @param folder holds the buckets; created if missing; one endpoint at a time may use it
     * @param port to listen on, 0 for any free one
     * @param credentials the only ones that are let in
     * @throws IOException if the folder cannot be made or the port is taken
     */
    public LocalS3(Path folder, int port, AwsCredentials credentials) throws IOException {
        PrivateFolder.make(folder);
        removeUnfinished(folder);
        server = S3Proxy.builder()
                .blobStore(new MarkingStore(folder))
                .endpoint(URI.create("http://127.0.0.1:" + port))
                .awsAuthentication(AuthenticationType.AWS_V4, credentials.accessKeyId(), credentials.secretAccessKey())
                .stopTimeout(GRACE.toMillis())
                .build();
        guard(server);
        try {
            server.start();
        } catch (Exception e) {
            IOException failure = new IOException("S3 on " + folder + " cannot listen on 127.0.0.1:" + port, e);
            try {
                server.stop();
            } catch (Exception stop) {
                failure.addSuppressed(stop);
            }
            throw failure;
        }
    }

    /** S3Proxy keeps its server to itself, and takes no filter. */
    private static void guard(S3Proxy proxy) {
        try {
            Field field = S3Proxy.class.getDeclaredField("server");
            field.setAccessible(true);
            ((Server) field.get(proxy)).insertHandler(new Handler.Wrapper() {
                @Override
                public boolean handle(Request request, Response response, Callback callback) throws Exception {
                    Optional<String> refusal =
                            Door.refusal(name -> request.getHeaders().getValuesList(name));
                    if (refusal.isPresent()) {
                        response.setStatus(Door.STATUS);
                        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/xml");
                        response.getHeaders().put(HttpHeader.CONNECTION, "close");
                        Content.Sink.write(
                                response,
                                true,
                                "<Error><Code>AccessDenied</Code><Message>%s</Message></Error>"
                                        .formatted(refusal.get()),
                                callback);
                        return true;
                    }
                    return super.handle(request, response, callback);
                }
            });
        } catch (ReflectiveOperationException | ClassCastException e) {
            throw new IllegalStateException("S3Proxy has no server to guard: another version?", e);
        }
    }

    /** Where it listens. */
    public URI uri() {
        return URI.create("http://127.0.0.1:" + server.getPort());
    }

    /** Lets requests under way finish, for five seconds at most, and stops. The objects stay. */
    @Override
    public void close() throws IOException {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IOException("S3 at " + uri() + " does not stop", e);
        }
    }

    /** Removes what looks like an unfinished upload and was never marked as an object. */
    private static void removeUnfinished(Path folder) throws IOException {
        List<Path> suspects;
        try (Stream<Path> files = Files.walk(folder)) {
            suspects = files.filter(file ->
                            UNFINISHED.matcher(file.getFileName().toString()).matches())
                    .filter(Files::isRegularFile)
                    .toList();
        }
        for (Path file : suspects) {
            UserDefinedFileAttributeView attributes =
                    Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
            if (attributes != null && !attributes.list().contains(OBJECT_MARK)) {
                Files.delete(file);
            }
        }
    }

    /**
     * Marks the objects whose keys look like S3Proxy's names for unfinished uploads, before the client hears of success:
     * a file with such a name and no mark is what a killed process left of an upload.
     */
    private static final class MarkingStore extends ForwardingBlobStore {
        private final Path folder;

        MarkingStore(Path folder) {
            super(new FilesystemNio2BlobStore(folder.toString()));
            this.folder = folder;
        }

        @Override
        public PutObjectResponse putBlob(PutObjectRequest request, InputStream body) {
            PutObjectResponse response = super.putBlob(request, body);
            mark(request.bucket(), request.key());
            return response;
        }

        @Override
        public CopyObjectResponse copyBlob(CopyObjectRequest request) {
            CopyObjectResponse response = super.copyBlob(request);
            mark(request.destinationBucket(), request.destinationKey());
            return response;
        }

        @Override
        public CompleteMultipartUploadResponse completeMultipartUpload(
                MultipartUpload upload, CompleteMultipartUploadRequest request) {
            CompleteMultipartUploadResponse response = super.completeMultipartUpload(upload, request);
            mark(request.bucket(), request.key());
            return response;
        }

        private void mark(String bucket, String key) {
            if (!UNFINISHED.matcher(key).matches()) {
                return;
            }
            UserDefinedFileAttributeView attributes =
                    Files.getFileAttributeView(folder.resolve(bucket).resolve(key), UserDefinedFileAttributeView.class);
            if (attributes == null) {
                return;
            }
            try {
                attributes.write(OBJECT_MARK, ByteBuffer.allocate(1));
            } catch (IOException e) {
                throw new UncheckedIOException("cannot mark " + bucket + "/" + key + " as an object", e);
            }
        }
    }
}
