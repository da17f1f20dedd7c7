package io.logcourier.worker;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Bytes of an object on their way: collected in pieces, so that nothing is copied when there are more than was thought.
 * Filled by one thread, then read by any.
 */
final class Part {
    private static final int FIRST_BYTES = 16 * 1024;
    private static final int LARGEST_BYTES = 256 * 1024;

    private final List<byte[]> pieces = new ArrayList<>();
    private final CRC32C crc = new CRC32C();
    private final CRC32C whole;
    private byte[] piece = new byte[0];
    private int filled;
    private int length;

    /** A part of an object whose bytes {@code whole} sums up too. */
    Part(CRC32C whole) {
        this.whole = whole;
    }

    /** Takes bytes. */
    void write(byte[] source, int offset, int count) {
        int from = offset;
        int left = count;
        while (left > 0) {
            if (filled == piece.length) {
                end();
                piece = new byte[Math.clamp(length, FIRST_BYTES, LARGEST_BYTES)];
                pieces.add(piece);
                filled = 0;
            }
            int some = Math.min(left, piece.length - filled);
            System.arraycopy(source, from, piece, filled, some);
            filled += some;
            from += some;
            left -= some;
            length += some;
        }
    }

    /** No more bytes come. */
    void end() {
        crc.update(piece, 0, filled);
        whole.update(piece, 0, filled);
    }

    int length() {
        return length;
    }

    /** CRC32C of the bytes, once they {@linkplain #end ended}. */
    int crc32c() {
        return (int) crc.getValue();
    }

    /** The bytes, from the first; may be called again. */
    InputStream open() {
        List<InputStream> streams = new ArrayList<>();
        for (byte[] one : pieces) {
            streams.add(new ByteArrayInputStream(one, 0, one == piece ? filled : one.length));
        }
        return new SequenceInputStream(Collections.enumeration(streams));
    }
}
