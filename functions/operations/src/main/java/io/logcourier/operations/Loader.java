package io.logcourier.operations;

import io.logcourier.CourierException;
import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.ledger.Lane;
import io.logcourier.schema.Schema;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.zip.GZIPInputStream;

/**
 * Loads log records as a log shipper does: JSON lines, posted in chunks to the ingest table. Bytes go through as they
 * are, so they need not be UTF-8.
 */
public final class Loader {
    /** A chunk is one INSERT, which takes effect whole or, where it spans hours, partition by partition. */
    private static final int CHUNK_LINES = 100_000;

    private static final int CHUNK_BYTES = 64 << 20;
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int GZIP_MAGIC = 0x1f8b;

    private final ClickHouse clickHouse;
    private final String table;

    /** Loads into the ingest table of {@code lane}, which {@code clickHouse} is connected to. */
    public Loader(ClickHouse clickHouse, Lane lane) {
        this.clickHouse = clickHouse;
        this.table = Schema.ingestTable(lane);
    }

    /** Opens a file of JSON lines, unpacked if it is gzipped. */
    public static InputStream open(Path file) throws IOException {
        BufferedInputStream bytes = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
        try {
            bytes.mark(2);
            boolean gzipped = ((bytes.read() << 8) | bytes.read()) == GZIP_MAGIC;
            bytes.reset();
            return gzipped ? new BufferedInputStream(new GZIPInputStream(bytes, BUFFER_BYTES), BUFFER_BYTES) : bytes;
        } catch (IOException e) {
            bytes.close();
            throw e;
        }
    }

    /**
     * Loads all lines.
     *
     * @param name of the source, for errors
     * @param progress called after each chunk with the rows loaded so far
     * @return how many lines were loaded; empty lines do not count
     * @throws CourierException if a chunk is refused; whole chunks before it are loaded
     */
    public long load(String name, InputStream lines, LongConsumer progress) throws IOException {
        ByteArrayOutputStream chunk = new ByteArrayOutputStream();
        byte[] buffer = new byte[BUFFER_BYTES];
        long loaded = 0;
        int inChunk = 0;
        boolean inLine = false;
        for (int read = lines.read(buffer); read >= 0; read = lines.read(buffer)) {
            int from = 0;
            for (int i = 0; i < read; i++) {
                if (buffer[i] != '\n') {
                    inLine = true;
                } else if (inLine) {
                    inLine = false;
                    inChunk++;
                    if (inChunk == CHUNK_LINES || chunk.size() >= CHUNK_BYTES) {
                        chunk.write(buffer, from, i + 1 - from);
                        from = i + 1;
                        loaded += send(name, loaded, inChunk, chunk);
                        inChunk = 0;
                        progress.accept(loaded);
                    }
                }
            }
            chunk.write(buffer, from, read - from);
        }
        inChunk += inLine ? 1 : 0;
        if (inChunk > 0) {
            loaded += send(name, loaded, inChunk, chunk);
            progress.accept(loaded);
        }
        return loaded;
    }

    private long send(String name, long before, int lines, ByteArrayOutputStream chunk) {
        try {
            clickHouse.insert(
                    table,
                    "JSONEachRow",
                    chunk.toByteArray(),
                    Map.of("input_format_skip_unknown_fields", "1", "date_time_input_format", "best_effort"));
        } catch (RetryableException e) {
            throw new RetryableException(
                    name + ": rows " + (before + 1) + " to " + (before + lines)
                            + " were not loaded, those before were: " + e.getMessage(),
                    e);
        }
        chunk.reset();
        return lines;
    }
}
