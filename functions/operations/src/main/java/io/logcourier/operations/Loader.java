package io.logcourier.operations;

import io.logcourier.CourierException;
import io.logcourier.PoisonMessageException;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * Loads log records as a log shipper does: JSON lines, posted in chunks to the ingest table. Bytes go through as they
 * are, so they need not be UTF-8.
 */
public final class Loader {
    /** A chunk is one INSERT, which takes effect whole or, where it spans hours, partition by partition. */
    private static final int CHUNK_LINES = 100_000;

    private static final int CHUNK_BYTES = 64 << 20;

    /** No record comes near it; a line is held in memory. */
    static final int LINE_BYTES = 16 << 20;

    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int GZIP_MAGIC = 0x1f8b;
    private static final Pattern AT_ROW = Pattern.compile("\\(at row (\\d+)\\)");

    /** The last two have a chunk stored as one block, whatever the user's profile says: after all of it was parsed. */
    private static final Map<String, String> SETTINGS = Map.of(
            "input_format_skip_unknown_fields",
            "1",
            "date_time_input_format",
            "best_effort",
            "min_insert_block_size_rows",
            Integer.toString(CHUNK_LINES + 1),
            "min_insert_block_size_bytes",
            "0");

    private final ClickHouse clickHouse;
    private final String table;
    private volatile boolean stopped;

    /** Loads into the ingest table of {@code lane}, which {@code clickHouse} is connected to. */
    public Loader(ClickHouse clickHouse, Lane lane) {
        this.clickHouse = clickHouse;
        this.table = Schema.ingestTable(lane);
    }

    /** Opens a file of JSON lines, unpacked if it is gzipped. */
    public static InputStream open(Path file, Progress progress) throws IOException {
        BufferedInputStream bytes = new BufferedInputStream(progress.over(Files.newInputStream(file)), BUFFER_BYTES);
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

    /** Loads all lines of a source; see {@link #load(String, InputStream, long, LongConsumer)}. */
    public long load(String name, InputStream lines, LongConsumer progress) {
        return load(name, lines, 1, progress);
    }

    /** Has {@link #load} end, after the chunk that it is sending if it is, with an error that says where to go on. */
    public void stop() {
        stopped = true;
    }

    /**
     * Loads the lines of a source, those from {@code fromLine} on.
     *
     * @param name of the source, for errors
     * @param fromLine the first line to load, counted from 1
     * @param progress called after each chunk with the rows loaded so far
     * @return how many rows were loaded; empty lines are none
     * @throws PoisonMessageException if a line is no record, is longer than 16 MiB, or is nested too deep, or the source ends in the middle of its compression; names
     *     the source, the line, and the line to go on from
     * @throws CourierException if ClickHouse fails, or if this was stopped; the chunks before are loaded, and where
     *     it did not answer, or with an error that can come after rows were stored, the chunk may be, so that nothing is
     *     sent twice unless somebody has looked
     */
    public long load(String name, InputStream lines, long fromLine, LongConsumer progress) {
        Chunk chunk = new Chunk(name, fromLine);
        byte[] buffer = new byte[BUFFER_BYTES];
        long line = 1;
        long lineBytes = 0;
        long loaded = 0;
        int read = read(lines, buffer, chunk);
        while (read >= 0) {
            int from = 0;
            for (int i = 0; i < read; i++) {
                if (buffer[i] == '\n') {
                    if (line >= fromLine) {
                        chunk.add(buffer, from, i + 1 - from);
                        chunk.lines++;
                    }
                    from = i + 1;
                    line++;
                    lineBytes = 0;
                    if (chunk.isFull()) {
                        loaded += send(chunk);
                        progress.accept(loaded);
                        chunk = new Chunk(name, line);
                    }
                }
            }
            lineBytes += read - from;
            if (line >= fromLine) {
                if (lineBytes > LINE_BYTES) {
                    throw new PoisonMessageException(
                            "%s, line %d: it is longer than %,d bytes, and so no record; split it or take it out%s"
                                    .formatted(name, line, LINE_BYTES, chunk.goOn()));
                }
                chunk.add(buffer, from, read - from);
            }
            if (stopped) {
                throw new RetryableException(name + ": stopped" + chunk.goOn());
            }
            read = read(lines, buffer, chunk);
        }
        loaded += send(chunk);
        progress.accept(loaded);
        return loaded;
    }

    private static int read(InputStream lines, byte[] buffer, Chunk chunk) {
        try {
            return lines.read(buffer);
        } catch (IOException e) {
            throw new PoisonMessageException(
                    chunk.name + ", after line " + (chunk.firstLine + chunk.lines - 1) + ": " + e.getMessage()
                            + chunk.goOn(),
                    e);
        }
    }

    private long send(Chunk chunk) {
        long rows = chunk.rows();
        if (rows == 0) {
            return 0;
        }
        try {
            clickHouse.insert(table, "JSONEachRow", chunk.bytes.toByteArray(), SETTINGS);
            return rows;
        } catch (RetryableException e) {
            Matcher row = AT_ROW.matcher(e.getMessage());
            if (row.find()) {
                throw new PoisonMessageException(
                        chunk.name + ", line " + chunk.line(Long.parseLong(row.group(1))) + ": " + e.getMessage()
                                + chunk.goOn(),
                        e);
            }
            if (ClickHouse.isTooDeep(e)) {
                throw new PoisonMessageException(
                        chunk.name + ", line " + chunk.deepestLine()
                                + ": it is nested deeper than ClickHouse reads, and so no record; take it out: "
                                + e.getMessage() + chunk.goOn(),
                        e);
            }
            throw new RetryableException(
                    chunk.name + ": " + e.getMessage() + (ClickHouse.storedNothing(e) ? chunk.goOn() : chunk.look()),
                    e);
        }
    }

    /** Consecutive lines of a source that are sent together. */
    private static final class Chunk {
        private final String name;
        private final long firstLine;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private int lines;

        Chunk(String name, long firstLine) {
            this.name = name;
            this.firstLine = firstLine;
        }

        void add(byte[] source, int offset, int length) {
            bytes.write(source, offset, length);
        }

        boolean isFull() {
            return lines == CHUNK_LINES || bytes.size() >= CHUNK_BYTES;
        }

        /** Lines that are not empty. */
        long rows() {
            return rowsAndLine(Long.MAX_VALUE)[0];
        }

        /** The line of the source that the {@code row}th line that is not empty is. */
        long line(long row) {
            return rowsAndLine(row)[1];
        }

        private long[] rowsAndLine(long row) {
            long rows = 0;
            long line = firstLine;
            boolean blank = true;
            for (byte next : bytes.toByteArray()) {
                if (next == '\n') {
                    blank = true;
                    line++;
                } else if (blank && next != '\r' && next != ' ' && next != '\t') {
                    blank = false;
                    if (++rows == row) {
                        break;
                    }
                }
            }
            return new long[] {rows, line};
        }

        /** The line of the source with the most brackets open at once. */
        long deepestLine() {
            long line = firstLine;
            long deepestLine = line;
            int depth = 0;
            int deepest = 0;
            boolean quoted = false;
            boolean escaped = false;
            for (byte next : bytes.toByteArray()) {
                if (next == '\n') {
                    line++;
                    depth = 0;
                    quoted = false;
                } else if (quoted) {
                    quoted = escaped || next != '"';
                    escaped = !escaped && next == '\\';
                } else if (next == '"') {
                    quoted = true;
                    escaped = false;
                } else if (next == '[' || next == '{') {
                    depth++;
                } else if (next == ']' || next == '}') {
                    depth--;
                }
                if (depth > deepest) {
                    deepest = depth;
                    deepestLine = line;
                }
            }
            return deepestLine;
        }

        /** For errors: what is loaded, and how to load the rest. */
        String goOn() {
            return firstLine == 1
                    ? "; nothing of it was loaded"
                    : "; the lines before " + firstLine + " are loaded: go on with --from-line " + firstLine;
        }

        /** For errors that can come before or after this chunk was stored, or no answer. */
        String look() {
            long next = firstLine + lines;
            return "; ClickHouse has not said whether it stored them: the lines %d to %d may be loaded or not: look for them, and go on with --from-line %d or %d"
                    .formatted(firstLine, next - 1, next, firstLine);
        }
    }
}
