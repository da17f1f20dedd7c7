package io.logcourier.accesslog;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;

/**
 * Keys of log objects: {@code [prefix]YYYY-MM-DD-hh-mm-ss-[UniqueString]}, as the Amazon S3 User Guide has them. The
 * unique string is 16 hex digits that mean nothing to a reader; ours follow from the order, so that a retry overwrites
 * its own object and nothing else.
 */
public final class ObjectKey {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd-HH-mm-ss").withZone(ZoneOffset.UTC);
    private static final int UNIQUE_BYTES = 8;

    private ObjectKey() {}

    /**
     * The key of an order's object in the simple style.
     *
     * @param prefix used as it is: no slash is added
     * @param ledger the ledger's random id, so that a ledger made anew never overwrites old objects
     */
    public static String simple(String prefix, Instant plannedAt, String ledger, long epoch, int number) {
        return prefix + TIME.format(plannedAt) + "-" + unique(ledger + "/" + epoch + "/" + number);
    }

    private static String unique(String identity) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(identity.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().withUpperCase().formatHex(hash, 0, UNIQUE_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
