package io.logcourier.accesslog;

import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32C;

/**
 * What a log object holds.
 *
 * @param lines how many line feeds
 * @param bytes its length
 * @param crc32c of its bytes, an unsigned 32-bit value
 */
public record Contents(long lines, long bytes, long crc32c) {
    private static final int BUFFER_BYTES = 64 * 1024;

    /** Reads {@code object} to its end; the caller closes it. */
    public static Contents of(InputStream object) throws IOException {
        CRC32C crc = new CRC32C();
        long bytes = 0;
        long lines = 0;
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int read = object.read(buffer); read >= 0; read = object.read(buffer)) {
            crc.update(buffer, 0, read);
            bytes += read;
            for (int i = 0; i < read; i++) {
                if (buffer[i] == '\n') {
                    lines++;
                }
            }
        }
        return new Contents(lines, bytes, crc.getValue());
    }
}
