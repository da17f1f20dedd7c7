package io.logcourier.s3;

import java.util.Map;
import java.util.Set;
import software.amazon.awssdk.awscore.exception.AwsServiceException;

/**
 * Tells answers of S3 that stay the same until somebody changes something from those that pass by themselves, and says what
 * is to be changed. Codes are those of the Amazon S3 API Reference, "Error responses", of the AWS STS API Reference, and of
 * the servers that speak the same protocol.
 */
public final class Refusals {
    private static final int FORBIDDEN = 403;

    /** Request Timeout, Conflict, Too Early, Too Many Requests. */
    private static final Set<Integer> PASSING_STATUS = Set.of(408, 409, 425, 429);

    /**
     * Answers with a status of 4xx that a later try may not get. What is wrong with our own clock or credentials is mended
     * there, and then holds for every target: no order is given up for it. What was damaged on its way is sent again. An
     * upload that is gone, or parts of it, was thrown away by another attempt.
     */
    private static final Set<String> PASSING = Set.of(
            // Load.
            "BandwidthLimitExceeded",
            "Busy",
            "EC2ThrottledException",
            "LimitExceededException",
            "PriorRequestNotComplete",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "SlowDown",
            "Throttling",
            "ThrottlingException",
            "KMS.ThrottlingException",
            "TooManyRequests",
            "TooManyRequestsException",
            "TransactionInProgressException",
            // Time and credentials of ours.
            "AuthFailure",
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "InvalidToken",
            "RequestExpired",
            "RequestTimeTooSkewed",
            "RequestTimeout",
            "RequestTimeoutException",
            "SignatureDoesNotMatch",
            "TokenRefreshRequired",
            "UnrecognizedClientException",
            // The way.
            "BadDigest",
            "IncompleteBody",
            "IncompleteSignature",
            "MissingAuthenticationToken",
            "MissingContentLength",
            "RequestIsNotMultiPartContent",
            "XAmzContentChecksumMismatch",
            "XAmzContentSHA256Mismatch",
            // Another attempt.
            "ConditionalRequestConflict",
            "InvalidPart",
            "InvalidPartOrder",
            "NoSuchUpload",
            "OperationAborted",
            "PreconditionFailed");

    /** Refusals with another status than 4xx. */
    private static final Set<String> LASTING = Set.of("NotImplemented", "PermanentRedirect");

    private static final String OTHERS = "mend what it names";
    private static final String GRANTEES = "mend the grantee in s3.grants";
    private static final String REGION = "set aws.region to the bucket's, or allow s3:ListBucket, which tells it";

    private static final Map<String, String> ADVICE = Map.ofEntries(
            Map.entry(
                    "AccessControlListNotSupported",
                    "the bucket has its ACLs disabled: leave s3.acl and s3.grants empty, or enable them"),
            Map.entry(
                    "AccessDenied",
                    "allow log-courier's role s3:PutObject, s3:GetObject and s3:AbortMultipartUpload on the objects, and the use of"
                            + " the KMS key if there is one; look at s3.roles and s3.bucket-owners too"),
            Map.entry("AccountProblem", "the account of the bucket has to settle it with AWS"),
            Map.entry("AllAccessDisabled", "the account of the bucket has to settle it with AWS"),
            Map.entry("AmbiguousGrantByEmailAddress", GRANTEES),
            Map.entry("AuthorizationHeaderMalformed", REGION),
            Map.entry("EntityTooSmall", "raise worker.part-size to 5MiB or more"),
            Map.entry("IllegalLocationConstraintException", REGION),
            Map.entry(
                    "InvalidArgument",
                    "mend what it names: it comes from s3.acl, s3.grants, s3.encryption or s3.encryption-key"),
            Map.entry("InvalidBucketName", "mend the name in the source bucket's logging settings"),
            Map.entry("InvalidObjectState", "restore the object from the archive, or remove it"),
            Map.entry("KMS.DisabledException", "enable the KMS key of the bucket or of s3.encryption-key"),
            Map.entry(
                    "KMS.InvalidKeyUsageException",
                    "name a symmetric KMS key for encryption, in the bucket or in s3.encryption-key"),
            Map.entry("KMS.InvalidStateException", "cancel the deletion of the KMS key, or name another one"),
            Map.entry("KMS.KMSInvalidStateException", "cancel the deletion of the KMS key, or name another one"),
            Map.entry("KMS.NotFoundException", "name a KMS key that is there, in the bucket or in s3.encryption-key"),
            Map.entry("KeyTooLongError", "shorten the target prefix"),
            Map.entry("MethodNotAllowed", "the bucket, or a policy before it, takes no objects: allow that"),
            Map.entry("NoSuchBucket", "make the bucket, or mend the source bucket's logging settings"),
            Map.entry(
                    "NotImplemented",
                    "this S3 lacks what is asked for: look at s3.acl, s3.grants, s3.encryption and s3.bucket-owners"),
            Map.entry("PermanentRedirect", REGION),
            Map.entry("QuotaExceeded", "raise the quota of the bucket or of its owner, or make room"),
            Map.entry("RegionDisabledException", "enable AWS STS in the region, or set aws.region to another one"),
            Map.entry("UnresolvableGrantByEmailAddress", GRANTEES),
            Map.entry("ValidationError", "mend the role's ARN or external id in s3.roles"),
            Map.entry("XMinioAdminBucketQuotaExceeded", "raise the quota of the bucket, or make room"));

    private Refusals() {}

    /** Whether an answer stays the same until somebody changes the target, its key, or rights. */
    public static boolean isRefusal(AwsServiceException answer) {
        return !answer.isThrottlingException()
                && !answer.isClockSkewException()
                && isRefusal(answer.statusCode(), code(answer));
    }

    /**
     * As the other one.
     *
     * @param status of the HTTP answer
     * @param code in its body; empty where that is not S3's, but a proxy's for example
     */
    static boolean isRefusal(int status, String code) {
        if (LASTING.contains(code)) {
            return true;
        }
        if (code.isEmpty()) {
            return status == FORBIDDEN;
        }
        return status / 100 == 4 && !PASSING_STATUS.contains(status) && !PASSING.contains(code);
    }

    /** The code of an answer, or its status where it has none. */
    public static String name(AwsServiceException answer) {
        String code = code(answer);
        return code.isEmpty() ? "HTTP status " + answer.statusCode() : code;
    }

    /** What mends a refusal, as a clause without a full stop. */
    public static String advice(AwsServiceException answer) {
        return ADVICE.getOrDefault(code(answer), OTHERS);
    }

    private static String code(AwsServiceException answer) {
        String code = answer.awsErrorDetails() == null
                ? null
                : answer.awsErrorDetails().errorCode();
        return code == null ? "" : code;
    }
}
