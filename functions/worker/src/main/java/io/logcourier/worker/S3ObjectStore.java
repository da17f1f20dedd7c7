package io.logcourier.worker;

import io.logcourier.RetryableException;
import io.logcourier.accesslog.Contents;
import io.logcourier.accesslog.Rendering;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Compression;
import io.logcourier.s3.TargetClient;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;

/** {@link ObjectStore} on Amazon S3. Every body goes out with its CRC32C, which S3 checks before it accepts it. */
final class S3ObjectStore implements ObjectStore {
    private static final Logger log = LoggerFactory.getLogger(S3ObjectStore.class);

    /** Of the bytes of a request, where it does not say what the object is. */
    private static final String BODY_TYPE = "application/octet-stream";

    private static final int KEY_BYTES = 1024;

    private final S3Client s3;
    private final Settings.Targets targets;

    S3ObjectStore(Settings settings) {
        s3 = TargetClient.of(settings);
        targets = settings.targets();
    }

    @Override
    public void put(Target target, Label label, Part body) {
        check(target);
        call(
                "write",
                target,
                () -> s3.putObject(
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
                                .checksumCRC32C(crc32c(body)),
                        body(body)));
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
    public Optional<Contents> find(Target target, Rendering rendering, Compression compression) {
        check(target);
        return call("read", target, () -> {
            try (InputStream object = s3.getObject(
                    request -> request.bucket(target.bucket()).key(target.key()).expectedBucketOwner(owner(target)))) {
                return Optional.of(Contents.of(object, rendering, compression));
            } catch (NoSuchKeyException e) {
                return Optional.empty();
            } catch (IOException e) {
                throw new RetryableException(target + " broke off: " + e.getMessage(), e);
            }
        });
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
        public void complete() {
            call(
                    "complete",
                    target,
                    () -> s3.completeMultipartUpload(request -> request.bucket(target.bucket())
                            .key(target.key())
                            .expectedBucketOwner(owner(target))
                            .uploadId(id)
                            .multipartUpload(upload -> upload.parts(parts))));
            abortOthers();
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
        if (!TargetClient.isBucketName(target.bucket())) {
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
            if (TargetClient.isRefusal(e)) {
                throw new TargetRefusedException(
                        e.awsErrorDetails().errorCode() + ": cannot " + verb + " " + target + ": " + e.getMessage(), e);
            }
            throw new RetryableException("cannot " + verb + " " + target + ": " + e.getMessage(), e);
        } catch (SdkException e) {
            throw new RetryableException("cannot " + verb + " " + target + ": " + e.getMessage(), e);
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
