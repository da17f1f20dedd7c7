package io.logcourier.accesslog;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads the frames of {@link AccessLogTable#render}: order number, identity hash, line, in ClickHouse's RowBinary. Lines
 * are never decoded, nor held whole. For one thread.
 */
public final class Frames {
    /** Takes bytes of lines. */
    @FunctionalInterface
    public interface Sink {
        /** Takes {@code length} bytes from {@code offset} on; they are overwritten later. */
        void write(byte[] bytes, int offset, int length) throws IOException;
    }

    private static final Sink NOWHERE = (bytes, offset, length) -> {};

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int VARINT_BITS = 7;
    private static final int LONGEST_VARINT_SHIFT = 56;

    private final InputStream source;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int position;
    private int limit;
    private int number;
    private long identity;
    private long left;
    private boolean atEnd;

    /** The frames of {@code source}, which the caller closes. */
    public Frames(InputStream source) {
        this.source = source;
    }

    /**
     * Reads the head of the next frame; what was not taken of the last line is skipped.
     *
     * @return false at the end
     * @throws EOFException if the end comes within a frame
     */
    public boolean next() throws IOException {
        line(NOWHERE);
        if (position == limit && !fill()) {
            atEnd = true;
            return false;
        }
        need(Integer.BYTES + Long.BYTES);
        number = (int) INT.get(buffer, position);
        identity = (long) LONG.get(buffer, position + Integer.BYTES);
        position += Integer.BYTES + Long.BYTES;
        left = varint();
        return true;
    }

    /** Whether {@link #next} came to the end. */
    public boolean atEnd() {
        return atEnd;
    }

    /** The order that the line belongs to. */
    public int number() {
        return number;
    }

    /** The hash of the row's identity. */
    public long identity() {
        return identity;
    }

    /**
     * Hands the line of the frame on; once.
     *
     * @throws EOFException if the end comes within it
     */
    public void line(Sink sink) throws IOException {
        while (left > 0) {
            if (position == limit && !fill()) {
                throw new EOFException("ClickHouse's result ends within a line");
            }
            int count = (int) Math.min(left, limit - position);
            int from = position;
            position += count;
            left -= count;
            sink.write(buffer, from, count);
        }
    }

    private long varint() throws IOException {
        long value = 0;
        for (int shift = 0; shift <= LONGEST_VARINT_SHIFT; shift += VARINT_BITS) {
            need(1);
            byte next = buffer[position++];
            value |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new IOException("ClickHouse's result is no sequence of frames");
    }

    private void need(int count) throws IOException {
        if (limit - position >= count) {
            return;
        }
        System.arraycopy(buffer, position, buffer, 0, limit - position);
        limit -= position;
        position = 0;
        while (limit < count) {
            int read = source.read(buffer, limit, buffer.length - limit);
            if (read < 0) {
                throw new EOFException("ClickHouse's result ends within a frame");
            }
            limit += read;
        }
    }

    private boolean fill() throws IOException {
        position = 0;
        limit = Math.max(0, source.read(buffer, 0, buffer.length));
        return limit > 0;
    }
}
