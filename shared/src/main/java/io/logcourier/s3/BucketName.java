package io.logcourier.s3;

import java.util.regex.Pattern;

/**
 * The names that a bucket can have: 3 to 255 letters, digits, dots, dashes and underscores, a letter or digit first and last.
 * That is what S3 has ever allowed, and servers that take underscores or capitals; everything else would break a request. New
 * buckets have a narrower rule. Whether a bucket of such a name is there, only S3 can tell.
 */
public final class BucketName {
    /** For statements: ClickHouse's {@code match} reads it as Java does. */
    public static final String PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$";

    private static final Pattern NAME = Pattern.compile(PATTERN);

    private BucketName() {}

    /** Whether there can be a bucket of this name. */
    public static boolean isPossible(String name) {
        return NAME.matcher(name).matches();
    }
}
