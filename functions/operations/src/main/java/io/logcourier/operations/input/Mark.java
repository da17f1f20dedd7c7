package io.logcourier.operations.input;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;

/** The digest by which a row of a file is found among stored ones; present.sql makes the same. */
final class Mark {
    private static final HexFormat HEX = HexFormat.of().withUpperCase();
    private static final int BYTES = 16;

    private Mark() {}

    /** Of a time and some values, each with its length before, so that none runs into the next. */
    static String of(Instant time, List<byte[]> values) {
        MessageDigest digest = sha256();
        digest.update(Long.toString(time.toEpochMilli()).getBytes(US_ASCII));
        for (byte[] value : values) {
            digest.update((" " + value.length + " ").getBytes(US_ASCII));
            digest.update(value);
        }
        return HEX.formatHex(digest.digest(), 0, BYTES);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
