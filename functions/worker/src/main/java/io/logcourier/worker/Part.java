package io.logcourier.worker;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.zip.CRC32C;

/**
 * Bytes of an object on their way: collected in pieces, so that nothing is copied when there are more than was thought.
 * Filled by one thread, then read by any.
 */
final class Part {
    private static final int PIECE_BYTES = 64 * 1024;

    /** Pieces that no part holds, for the next ones: as many as were in use at once. Bodies outlive young garbage. */
    private static final Queue<byte[]> SPARE = new ConcurrentLinkedQueue<>();

    private final List<byte[]> pieces = new ArrayList<>();
    private final CRC32C crc = new CRC32C();
    private final CRC32C whole;
    private byte[] piece = new byte[0];
    private int filled;
    private int length;
    private boolean isLetGo;

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
                byte[] spare = SPARE.poll();
                piece = spare == null ? new byte[PIECE_BYTES] : spare;
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

    /** The bytes, from the first; may be called again, until the part is let go. */
    InputStream open() {
        if (isLetGo) {
            throw new IllegalStateException("a part was opened after it was let go");
        }
        List<InputStream> streams = new ArrayList<>();
        for (byte[] one : pieces) {
            streams.add(new ByteArrayInputStream(one, 0, one == piece ? filled : one.length));
        }
        return new SequenceInputStream(Collections.enumeration(streams));
    }

    /** Nobody reads it any more: its memory is for others. Once more does nothing. */
    void letGo() {
        isLetGo = true;
        SPARE.addAll(pieces);
        pieces.clear();
        piece = new byte[0];
        filled = 0;
    }
}
