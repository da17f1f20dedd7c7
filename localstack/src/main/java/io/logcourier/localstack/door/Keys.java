package io.logcourier.localstack.door;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;

/**
 * What lets a client in at the ports of one stack. S3 checks the signature that is made with the secret key; SQS only
 * looks for the access key, so it is a secret as well.
 *
 * @param user of ClickHouse
 * @param password that user's
 * @param accessKey for S3 and SQS
 * @param secretKey for S3
 */
public record Keys(String user, String password, String accessKey, String secretKey) {
    private static final String USER = "courier";
    private static final SecureRandom RANDOM = new SecureRandom();

    /** New ones, which nobody can guess: each has 100 random bits or more, in characters that need no quotes in a shell or URL. */
    public static Keys random() {
        return new Keys(USER, word(), "LC" + word().toUpperCase(Locale.ROOT), word());
    }

    private static String word() {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /** For S3 and SQS. */
    public AwsBasicCredentials aws() {
        return AwsBasicCredentials.create(accessKey, secretKey);
    }

    /** Without what is secret. */
    @Override
    public String toString() {
        return "Keys[user=" + user + "]";
    }
}
