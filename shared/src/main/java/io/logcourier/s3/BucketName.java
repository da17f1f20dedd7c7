package io.logcourier.s3;

import java.util.regex.Pattern;

/**
 * The names that a bucket can have: 3 to 255 letters, digits, dots, dashes and underscores. That is the widest rule of Amazon
 * S3, which the oldest buckets of us-east-1 go by, and servers that take underscores or capitals. New buckets have a
 * narrower one; whether a bucket of such a name is there, only S3 can tell.
 */
public final class BucketName {
    /** For statements: ClickHouse's {@code match} reads it as Java does. */
    public static final String PATTERN = "^[A-Za-z0-9._-]{3,255}$";

    private static final Pattern NAME = Pattern.compile(PATTERN);

    private BucketName() {}

    /** Whether there can be a bucket of this name. */
    public static boolean isPossible(String name) {
        return NAME.matcher(name).matches();
    }
}
