package io.logcourier.s3;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.services.s3.model.S3Exception;

class RefusalsTest {
    @ParameterizedTest
    @CsvSource({
        "301, PermanentRedirect, aws.region",
        "400, AccessControlListNotSupported, s3.acl",
        "400, AuthorizationHeaderMalformed, aws.region",
        "400, EntityTooSmall, worker.part-size",
        "400, InvalidArgument, s3.grants",
        "400, InvalidBucketName, logging settings",
        "400, InvalidRequest, what it names",
        "400, KMS.DisabledException, enable the KMS key",
        "400, KMS.KMSInvalidStateException, cancel the deletion",
        "400, KMS.NotFoundException, a KMS key that is there",
        "400, KeyTooLongError, shorten",
        "400, SomethingNew, what it names",
        "400, UnresolvableGrantByEmailAddress, grantee",
        "400, ValidationError, s3.roles",
        "400, XMinioAdminBucketQuotaExceeded, quota",
        "403, AccessDenied, s3:PutObject",
        "403, AccountProblem, account",
        "403, AllAccessDisabled, account",
        "403, InvalidObjectState, restore",
        "403, QuotaExceeded, quota",
        "403, '', what it names",
        "404, NoSuchBucket, make the bucket",
        "405, MethodNotAllowed, allow",
        "501, NotImplemented, lacks",
    })
    void whatLastsIsARefusalAndSaysWhatMendsIt(int status, String code, String advice) {
        assertThat(Refusals.isRefusal(answer(status, code))).isTrue();
        assertThat(Refusals.advice(answer(status, code))).contains(advice);
    }

    @ParameterizedTest
    @CsvSource({
        // Load.
        "400, KMS.ThrottlingException",
        "400, ThrottlingException",
        "429, TooManyRequests",
        "429, SomethingNew",
        "503, SlowDown",
        "403, RequestLimitExceeded",
        // Our clock and our credentials.
        "400, ExpiredToken",
        "403, ExpiredTokenException",
        "400, InvalidToken",
        "403, InvalidAccessKeyId",
        "403, InvalidClientTokenId",
        "403, RequestExpired",
        "403, RequestTimeTooSkewed",
        "403, SignatureDoesNotMatch",
        "400, TokenRefreshRequired",
        // The way.
        "400, BadDigest",
        "400, IncompleteBody",
        "400, RequestTimeout",
        "400, XAmzContentChecksumMismatch",
        "400, XAmzContentSHA256Mismatch",
        "408, SomethingNew",
        "425, SomethingNew",
        "307, TemporaryRedirect",
        // Another attempt.
        "400, InvalidPart",
        "404, NoSuchUpload",
        "409, ConditionalRequestConflict",
        "409, OperationAborted",
        "409, SomethingNew",
        // The server.
        "200, InternalError",
        "500, InternalError",
        "503, ServiceUnavailable",
        // A proxy before it.
        "404, ''",
        "400, ''",
        "502, ''",
    })
    void whatPassesIsNone(int status, String code) {
        assertThat(Refusals.isRefusal(answer(status, code))).isFalse();
    }

    @Test
    void anAnswerWithoutACodeIsCalledByItsStatus() {
        assertThat(Refusals.name(answer(403, ""))).isEqualTo("HTTP status 403");
        assertThat(Refusals.name(answer(404, "NoSuchBucket"))).isEqualTo("NoSuchBucket");
        assertThat(Refusals.isRefusal(S3Exception.builder().statusCode(403).build()))
                .isTrue();
    }

    private static AwsServiceException answer(int status, String code) {
        return S3Exception.builder()
                .statusCode(status)
                .awsErrorDetails(AwsErrorDetails.builder().errorCode(code).build())
                .build();
    }
}
