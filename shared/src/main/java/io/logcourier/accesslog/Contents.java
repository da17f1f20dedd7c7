package io.logcourier.accesslog;

import io.logcourier.ledger.Compression;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.Checksum;

/**
 * What a log object holds.
 *
 * @param rows how many: line feeds, once it is decompressed, or what the footer of a Parquet file says
 * @param bytes its length, as it is stored
 * @param crc32c of these bytes, an unsigned 32-bit value
 */
public record Contents(long rows, long bytes, long crc32c) {
    private static final int BUFFER_BYTES = 64 * 1024;

    /**
     * Reads {@code object} to its end, which may lie behind the end of what is compressed: bytes that trail it count too.
     * The caller closes it.
     *
     * @throws IOException if it cannot be read or decompressed, or is no whole Parquet file where it should be one
     */
    public static Contents of(InputStream object, Rendering rendering, Compression compression) throws IOException {
        Sum sum = new Sum();
        InputStream stored = new CheckedInputStream(object, sum);
        if (rendering.isFile()) {
            ParquetFooter footer = new ParquetFooter();
            stored.transferTo(footer);
            return new Contents(footer.rows(), sum.bytes, sum.getValue());
        }
        InputStream plain = compression.decompress(stored);
        long lines = 0;
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int read = plain.read(buffer); read >= 0; read = plain.read(buffer)) {
            for (int i = 0; i < read; i++) {
                if (buffer[i] == '\n') {
                    lines++;
                }
            }
        }
        // On to the end, so that trailing bytes count too.
        stored.transferTo(OutputStream.nullOutputStream());
        return new Contents(lines, sum.bytes, sum.getValue());
    }

    /** Length and CRC32C of bytes. For one thread at a time. */
    public static final class Sum implements Checksum {
        private final CRC32C crc = new CRC32C();
        private long bytes;

        /** How many bytes it has seen. */
        public long bytes() {
            return bytes;
        }

        @Override
        public void update(int b) {
            crc.update(b);
            bytes++;
        }

        @Override
        public void update(byte[] some, int offset, int length) {
            crc.update(some, offset, length);
            bytes += length;
        }

        @Override
        public long getValue() {
            return crc.getValue();
        }

        @Override
        public void reset() {
            crc.reset();
            bytes = 0;
        }
    }
}
