package io.logcourier.worker;

import io.logcourier.RetryableException;
import io.logcourier.accesslog.Contents;
import io.logcourier.accesslog.Rendering;
import io.logcourier.configuration.Setting;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Compression;
import io.logcourier.s3.BucketName;
import io.logcourier.s3.Refusals;
import io.logcourier.s3.TargetClient;
import io.logcourier.tls.Distrust;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** {@link ObjectStore} on Amazon S3. Every body goes out with its CRC32C, which S3 checks before it accepts it. */
final class S3ObjectStore implements ObjectStore {
    private static final Logger log = LoggerFactory.getLogger(S3ObjectStore.class);

    /** Of the bytes of a request, where it does not say what the object is. */
    private static final String BODY_TYPE = "application/octet-stream";

    private static final int KEY_BYTES = 1024;

    /** Of {@code If-None-Match}: nothing may be there. */
    private static final String NOTHING = "*";

    private static final int PRECONDITION_FAILED = 412;
    private static final int NOT_IMPLEMENTED = 501;

    private final S3Client s3;
    private final Settings.Targets targets;

    /** Whether this S3 takes conditions, or ignores them, as far as we know; some refuse them. */
    private volatile boolean takesConditions = true;

    S3ObjectStore(Settings settings) {
        s3 = TargetClient.of(settings, List.of(new DeadlineInterceptor()));
        targets = settings.targets();
    }

    @Override
    public boolean put(Target target, Label label, Part body, Terms terms) {
        check(target);
        return appear(
                "write",
                target,
                terms,
                condition -> s3.putObject(
                        request -> request.bucket(target.bucket())
                                .key(target.key())
                                .expectedBucketOwner(owner(target))
                                .acl(targets.acl().orElse(null))
                                .grantRead(targets.grants().get("read"))
                                .grantReadACP(targets.grants().get("read-acp"))
                                .grantWriteACP(targets.grants().get("write-acp"))
                                .grantFullControl(targets.grants().get("full-control"))
                                .serverSideEncryption(targets.encryptionAsked().orElse(null))
                                .ssekmsKeyId(targets.encryptionKey().orElse(null))
                                .metadata(label.metadata())
                                .contentType(label.contentType())
                                .checksumCRC32C(crc32c(body))
                                .ifNoneMatch(condition)
                                .overrideConfiguration(DeadlineInterceptor.until(terms.deadline())),
                        RequestBody.fromContentProvider(
                                () -> DeadlineInterceptor.until(terms.deadline(), body.open()),
                                body.length(),
                                BODY_TYPE)));
    }

    /**
     * Makes a request that lets an object appear.
     *
     * @param request made with a condition, or null
     * @return whether it did
     */
    private boolean appear(String verb, Target target, Terms terms, Consumer<String> request) {
        terms.deadline().check(target);
        String condition = terms.replaces() || !takesConditions ? null : NOTHING;
        return call(verb, target, () -> {
            try {
                request.accept(condition);
                return true;
            } catch (S3Exception e) {
                if (condition != null && e.statusCode() == PRECONDITION_FAILED) {
                    return false;
                }
                if (condition == null || e.statusCode() != NOT_IMPLEMENTED) {
                    throw e;
                }
            }
            request.accept(null);
            takesConditions = false;
            log.atWarn()
                    .addKeyValue("object", target)
                    .log("this S3 does not implement If-None-Match, objects are written without");
            return true;
        });
    }

    @Override
    public Upload begin(Target target, Label label) {
        check(target);
        String id = call("begin", target, () -> s3.createMultipartUpload(request -> request.bucket(target.bucket())
                        .key(target.key())
                        .expectedBucketOwner(owner(target))
                        .acl(targets.acl().orElse(null))
                        .grantRead(targets.grants().get("read"))
                        .grantReadACP(targets.grants().get("read-acp"))
                        .grantWriteACP(targets.grants().get("write-acp"))
                        .grantFullControl(targets.grants().get("full-control"))
                        .serverSideEncryption(targets.encryptionAsked().orElse(null))
                        .ssekmsKeyId(targets.encryptionKey().orElse(null))
                        .metadata(label.metadata())
                        .contentType(label.contentType())
                        .checksumAlgorithm(ChecksumAlgorithm.CRC32_C))
                .uploadId());
        return new S3Upload(target, id);
    }

    @Override
    public Optional<Found> find(Target target, Rendering rendering, Compression compression) {
        check(target);
        return call("read", target, () -> {
            try (ResponseInputStream<GetObjectResponse> object = s3.getObject(
                    request -> request.bucket(target.bucket()).key(target.key()).expectedBucketOwner(owner(target)))) {
                return Optional.of(new Found(
                        contents(object, rendering, compression),
                        object.response().metadata()));
            } catch (NoSuchKeyException e) {
                return Optional.empty();
            } catch (IOException e) {
                throw new RetryableException(target + " broke off: " + e.getMessage(), e);
            }
        });
    }

    /**
     * What an object holds, if it is a file of its kind.
     *
     * @throws IOException if it cannot be read to its end
     */
    private static Optional<Contents> contents(InputStream object, Rendering rendering, Compression compression)
            throws IOException {
        Remembering source = new Remembering(object);
        try {
            return Optional.of(Contents.of(source, rendering, compression));
        } catch (IOException e) {
            if (source.hasFailed) {
                throw e;
            }
            log.debug("an object is no whole file of its kind", e);
            return Optional.empty();
        }
    }

    /** Tells an object that breaks off from one that does not hold what it should. */
    private static final class Remembering extends FilterInputStream {
        private boolean hasFailed;

        Remembering(InputStream source) {
            super(source);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            try {
                return super.read(target, offset, length);
            } catch (IOException e) {
                hasFailed = true;
                throw e;
            }
        }
    }

    @Override
    public void abandon(Target target) {
        check(target);
        call("abort uploads of", target, () -> {
            abortAll(target);
            return true;
        });
    }

    private void abortAll(Target target) {
        s3
                .listMultipartUploads(request -> request.bucket(target.bucket())
                        .expectedBucketOwner(owner(target))
                        .prefix(target.key()))
                .uploads()
                .stream()
                .filter(upload -> upload.key().equals(target.key()))
                .forEach(upload -> s3.abortMultipartUpload(request -> request.bucket(target.bucket())
                        .key(target.key())
                        .expectedBucketOwner(owner(target))
                        .uploadId(upload.uploadId())));
    }

    private final class S3Upload implements Upload {
        private final Target target;
        private final String id;
        private final List<CompletedPart> parts = new ArrayList<>();

        S3Upload(Target target, String id) {
            this.target = target;
            this.id = id;
        }

        @Override
        public void part(int number, Part body) {
            String crc = crc32c(body);
            String tag = call("write part " + number + " of", target, () -> s3.uploadPart(
                            request -> request.bucket(target.bucket())
                                    .key(target.key())
                                    .expectedBucketOwner(owner(target))
                                    .uploadId(id)
                                    .partNumber(number)
                                    .checksumCRC32C(crc),
                            body(body))
                    .eTag());
            parts.add(CompletedPart.builder()
                    .partNumber(number)
                    .eTag(tag)
                    .checksumCRC32C(crc)
                    .build());
        }

        @Override
        public boolean complete(Terms terms) {
            boolean isComplete = appear(
                    "complete",
                    target,
                    terms,
                    condition -> s3.completeMultipartUpload(request -> request.bucket(target.bucket())
                            .key(target.key())
                            .expectedBucketOwner(owner(target))
                            .uploadId(id)
                            .multipartUpload(upload -> upload.parts(parts))
                            .ifNoneMatch(condition)
                            .overrideConfiguration(DeadlineInterceptor.until(terms.deadline()))));
            if (isComplete) {
                abortOthers();
            }
            return isComplete;
        }

        /**
         * Other attempts at the same object are in vain now: those of workers that are no more would stay for ever, and
         * one that is still at work finds the order delivered when it tries again.
         */
        private void abortOthers() {
            try {
                abortAll(target);
            } catch (SdkException e) {
                log.warn("cannot look for unfinished uploads of {}, which is complete", target, e);
            }
        }

        @Override
        public void abort() {
            call(
                    "abort",
                    target,
                    () -> s3.abortMultipartUpload(request -> request.bucket(target.bucket())
                            .key(target.key())
                            .expectedBucketOwner(owner(target))
                            .uploadId(id)));
        }
    }

    /** The SDK leaves out what is null. */
    private String owner(Target target) {
        return targets.owner(target.bucket()).orElse(null);
    }

    private void check(Target target) {
        if (!targets.allow(target.bucket())) {
            throw new TargetRefusedException("s3.targets does not allow objects in bucket " + target.bucket(), null);
        }
        if (!BucketName.isPossible(target.bucket())) {
            throw new TargetRefusedException("InvalidBucketName: '" + target.bucket() + "' is no bucket name", null);
        }
        int bytes = target.key().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > KEY_BYTES) {
            throw new TargetRefusedException(
                    "KeyTooLongError: the key has " + bytes + " bytes, S3 takes " + KEY_BYTES
                            + "; shorten the target prefix",
                    null);
        }
    }

    private static <T> T call(String verb, Target target, Supplier<T> request) {
        try {
            return request.get();
        } catch (AwsServiceException e) {
            if (Refusals.isRefusal(e)) {
                throw new TargetRefusedException(
                        "%s: cannot %s %s: %s: %s; then run `courier redrive`, or `courier replay`"
                                .formatted(Refusals.name(e), verb, target, e.getMessage(), Refusals.advice(e)),
                        e);
            }
            throw new RetryableException(
                    Refusals.name(e) + ": cannot " + verb + " " + target + ": " + e.getMessage(), e);
        } catch (SdkException e) {
            throw Distrust.failure("cannot " + verb + " " + target, e, Setting.S3_CA.name());
        }
    }

    /** Read in place: the SDK would copy a buffer. */
    private static RequestBody body(Part part) {
        return RequestBody.fromContentProvider(part::open, part.length(), BODY_TYPE);
    }

    private static String crc32c(Part part) {
        return Base64.getEncoder()
                .encodeToString(
                        ByteBuffer.allocate(Integer.BYTES).putInt(part.crc32c()).array());
    }

    @Override
    public void close() {
        s3.close();
    }
}
