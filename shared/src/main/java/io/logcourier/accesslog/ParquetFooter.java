package io.logcourier.accesslog;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.parquet.format.Util;

/**
 * Takes the bytes of a Parquet file one after another and keeps the last ones, in which the file says how many rows it
 * has. A file that was cut short has no such end. For one thread.
 */
public final class ParquetFooter extends OutputStream {
    /** What a file of some hundred million rows needs. */
    private static final int LONGEST = 1 << 20;

    private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

    private final byte[] last = new byte[2 * LONGEST];
    private int length;

    @Override
    public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) {
        int from = offset;
        int left = count;
        while (left > 0) {
            if (length == last.length) {
                System.arraycopy(last, LONGEST, last, 0, LONGEST);
                length = LONGEST;
            }
            int some = Math.min(left, last.length - length);
            System.arraycopy(bytes, from, last, length, some);
            length += some;
            from += some;
            left -= some;
        }
    }

    /**
     * The rows of the file.
     *
     * @throws IOException if it is no whole Parquet file, or its footer is larger than 1 MiB
     */
    public long rows() throws IOException {
        int end = length - MAGIC.length - Integer.BYTES;
        if (end < 0 || !Arrays.equals(MAGIC, Arrays.copyOfRange(last, length - MAGIC.length, length))) {
            throw new IOException("the Parquet file has no end");
        }
        int footer = ByteBuffer.wrap(last).order(ByteOrder.LITTLE_ENDIAN).getInt(end);
        if (footer < 0 || footer > end) {
            throw new IOException(
                    "the Parquet file has a footer of " + footer + " bytes: up to " + LONGEST + " are read");
        }
        return Util.readFileMetaData(new ByteArrayInputStream(last, end - footer, footer))
                .getNum_rows();
    }
}
