package io.logcourier.ledger;

import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Lines that may be too many for memory: kept packed, and beyond 4 MiB in a file of the folder for temporary ones, until this
 * is closed. Failures of that folder are {@link RetryableException}s. Not thread-safe.
 */
final class Spool implements AutoCloseable {
    private static final int IN_MEMORY_BYTES = 4 << 20;
    private static final int BUFFER_BYTES = 64 * 1024;

    private final Packed packed = new Packed();
    private final OutputStream lines;

    Spool() {
        try {
            lines = new QuickGzip(packed);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** Adds a line. */
    void add(byte[] line) {
        try {
            lines.write(line);
            lines.write('\n');
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** All lines; nothing can be added any more. They can be read, again and again, until this is closed. */
    ClickHouse.Rows finished() {
        try {
            lines.close();
        } catch (IOException e) {
            throw failed(e);
        }
        return out -> {
            try (InputStream all = new GZIPInputStream(packed.read(), BUFFER_BYTES)) {
                all.transferTo(out);
            }
        };
    }

    @Override
    public void close() {
        try {
            lines.close();
            packed.delete();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private static RetryableException failed(IOException e) {
        return new RetryableException(
                "the folder for temporary files, %s, cannot hold the groups of an epoch, of which there are many: %s"
                        .formatted(System.getProperty("java.io.tmpdir"), e),
                e);
    }

    private static final class QuickGzip extends GZIPOutputStream {
        QuickGzip(OutputStream out) throws IOException {
            super(out, BUFFER_BYTES);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }

    /** Bytes in memory, or in a file once they are many. */
    private static final class Packed extends OutputStream {
        private ByteArrayOutputStream memory = new ByteArrayOutputStream();
        private Path file;
        private OutputStream written;

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (file == null && memory.size() + length > IN_MEMORY_BYTES) {
                file = Files.createTempFile("log-courier-", ".json.gz");
                written = Files.newOutputStream(file);
                memory.writeTo(written);
                memory = new ByteArrayOutputStream();
            }
            (file == null ? memory : written).write(bytes, offset, length);
        }

        @Override
        public void close() throws IOException {
            if (written != null) {
                written.close();
            }
        }

        InputStream read() throws IOException {
            return file == null ? new ByteArrayInputStream(memory.toByteArray()) : Files.newInputStream(file);
        }

        void delete() throws IOException {
            if (file != null) {
                Files.deleteIfExists(file);
            }
        }
    }
}
