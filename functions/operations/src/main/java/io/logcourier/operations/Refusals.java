package io.logcourier.operations;

import io.logcourier.ConfigurationException;
import io.logcourier.RetryableException;
import io.logcourier.configuration.Setting;
import io.logcourier.tls.Distrust;
import java.util.Set;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Tells an object that is refused from an S3 that cannot be asked: there an audit ends at once, since it would say of every
 * object that it was not read. Thread-safe.
 */
final class Refusals {
    /** Answers about who asks, not about what. */
    private static final Set<String> NOBODY = Set.of(
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidToken",
            "RequestTimeTooSkewed",
            "SignatureDoesNotMatch",
            "TokenRefreshRequired",
            "UnrecognizedClientException");

    /** Answers about one object, or its bucket. */
    private static final Set<String> OF_ITS_OWN = Set.of("InvalidObjectState", "NoSuchBucket");

    private static final String KMS = "KMS.";

    /** So many are refused, and nothing read, before it is clear that nothing will be. */
    private static final int ENOUGH = 100;

    private boolean isAnswered;
    private long refused;
    private String first = "";

    /** Something was read, or is not there: S3 answers us. */
    synchronized void answered() {
        isAnswered = true;
    }

    /**
     * What to say of one object that S3 refused.
     *
     * @throws RetryableException if it says that S3 cannot be asked at all, or refuses all
     * @throws ConfigurationException if its certificate is refused
     */
    synchronized String reason(SdkException failure) {
        if (!(failure instanceof AwsServiceException answer)) {
            throw Distrust.failure("S3 cannot be asked", failure, Setting.S3_CA.name());
        }
        String code = code(answer);
        if (NOBODY.contains(code)) {
            throw new RetryableException(
                    "S3 does not take the credentials: " + code + ": " + answer.getMessage(), answer);
        }
        String reason = answer.getMessage();
        if (!OF_ITS_OWN.contains(code) && !code.startsWith(KMS)) {
            refused++;
            first = first.isEmpty() ? reason : first;
            if (refused >= ENOUGH) {
                check();
            }
        }
        return reason;
    }

    /**
     * To be called at the end.
     *
     * @throws RetryableException if S3 refused everything
     */
    synchronized void check() {
        if (!isAnswered && refused > 0) {
            throw new RetryableException(
                    "S3 lets none of the %,d objects and folders that were tried be read, the first: %s"
                            .formatted(refused, first));
        }
    }

    static String code(AwsServiceException answer) {
        return answer.awsErrorDetails() == null || answer.awsErrorDetails().errorCode() == null
                ? ""
                : answer.awsErrorDetails().errorCode();
    }
}
