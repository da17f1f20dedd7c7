package io.logcourier.operations;

import io.logcourier.CourierException;
import io.logcourier.PoisonMessageException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.Lane;
import io.logcourier.operations.input.Fate;
import io.logcourier.operations.input.InputReader;
import io.logcourier.operations.input.InputRow;
import io.logcourier.operations.input.InputSheet;
import io.logcourier.operations.input.InputTable;
import io.logcourier.schema.Schema;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Loads log records as a log shipper does: JSON lines, posted in chunks to the ingest table. Each line is looked at before:
 * what ClickHouse would refuse, or store as something else, is refused by its number. Bytes need not be UTF-8.
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
    private static final Pattern AT_FIELD = Pattern.compile("reading the value of key (\\w{1,64})\\)");

    /**
     * Two have a chunk stored as one block, whatever the user's profile says: after all of it was parsed. The last is for an
     * export that brings the hours of many days.
     */
    private static final Map<String, String> SETTINGS = Map.of(
            "input_format_skip_unknown_fields",
            "1",
            "date_time_input_format",
            "best_effort",
            "min_insert_block_size_rows",
            Integer.toString(CHUNK_LINES + 1),
            "min_insert_block_size_bytes",
            "0",
            "max_partitions_per_insert_block",
            "10000");

    /**
     * How rows are taken.
     *
     * @param strict whether a row is refused that would not arrive, internal traffic apart, or that has a field which is no
     *     column, or lacks one that rows have
     * @param skipsPresent whether rows are left out that the log table has, by time, request id, bucket, operation, key and
     *     version
     */
    public record Options(boolean strict, boolean skipsPresent) {
        /** All rows are sent, and counted. */
        public static final Options NONE = new Options(false, false);
    }

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final String table;
    private final Options options;
    private volatile boolean stopped;

    /** Loads all rows into the ingest table of {@code lane}, which {@code clickHouse} is connected to. */
    public Loader(ClickHouse clickHouse, Lane lane) {
        this(clickHouse, lane, Options.NONE);
    }

    /** Loads rows as {@code options} has it. */
    public Loader(ClickHouse clickHouse, Lane lane, Options options) {
        this.clickHouse = clickHouse;
        this.lane = lane;
        this.table = Schema.ingestTable(lane);
        this.options = options;
    }

    /**
     * Opens a file of JSON lines, unpacked if it is gzipped.
     *
     * @throws PoisonMessageException if it begins as a gzipped file does and is none
     */
    public static InputStream open(Path file, Progress progress) throws IOException {
        BufferedInputStream bytes = new BufferedInputStream(progress.over(Files.newInputStream(file)), BUFFER_BYTES);
        try {
            bytes.mark(2);
            boolean gzipped = ((bytes.read() << 8) | bytes.read()) == GZIP_MAGIC;
            bytes.reset();
            return gzipped ? new BufferedInputStream(new GZIPInputStream(bytes, BUFFER_BYTES), BUFFER_BYTES) : bytes;
        } catch (ZipException | EOFException e) {
            bytes.close();
            throw new PoisonMessageException(file + ": it begins as a gzipped file does, and is none", e);
        } catch (IOException e) {
            bytes.close();
            throw e;
        }
    }

    /** Loads all lines of a source; see {@link #load(String, InputStream, long, LongConsumer)}. */
    public InputSheet load(String name, InputStream lines, LongConsumer progress) {
        return load(name, lines, 1, progress);
    }

    /** Has {@link #load} end, after the chunk that it is sending if it is, with an error that says where to go on. */
    public void stop() {
        stopped = true;
    }

    /** How many rows the log table has now. */
    public long stored() {
        record Count(long rows) {}
        return clickHouse.one(sql("stored-rows.sql"), Count.class).orElseThrow().rows();
    }

    /**
     * Loads the lines of a source, those from {@code fromLine} on.
     *
     * @param name of the source, for errors
     * @param fromLine the first line to load, counted from 1
     * @param progress called after each chunk with the rows loaded so far
     * @return what the rows were; empty lines are none
     * @throws PoisonMessageException if a line is no row, or none that the options take, or is longer than 16 MiB, or the
     *     source ends in the middle of its compression; names the source, the line, and the line to go on from
     * @throws CourierException if ClickHouse fails, or if this was stopped; the chunks before are loaded, and where
     *     it did not answer, or with an error that can come after rows were stored, the chunk may be, so that nothing is
     *     sent twice unless somebody has looked
     */
    public InputSheet load(String name, InputStream lines, long fromLine, LongConsumer progress) {
        Run run = new Run(name, fromLine, table(), progress);
        byte[] buffer = new byte[BUFFER_BYTES];
        int read = run.read(lines, buffer);
        while (read >= 0) {
            int from = 0;
            for (int i = 0; i < read; i++) {
                if (buffer[i] == '\n') {
                    run.add(buffer, from, i - from);
                    run.endLine();
                    from = i + 1;
                }
            }
            run.add(buffer, from, read - from);
            if (stopped) {
                throw new RetryableException(name + ": stopped" + run.chunk.goOn());
            }
            read = run.read(lines, buffer);
        }
        run.endLine();
        run.send();
        return run.count.sheet();
    }

    private InputTable table() {
        record Column(String name, String type) {}
        record Found(Instant now, List<Column> columns) {}
        Found found = clickHouse
                .one(sql("input-table.sql").with("ingest", table), Found.class)
                .orElseThrow();
        LinkedHashMap<String, String> columns = new LinkedHashMap<>();
        found.columns().forEach(column -> columns.put(column.name(), column.type()));
        return new InputTable(columns, new AccessLogTable(clickHouse, lane).retention(), found.now());
    }

    private Statement sql(String file) {
        return Statement.resource(Loader.class, file).with("logs", lane.logs()).with("table", lane.table());
    }

    /** The marks of stored rows of a span of time, of those that are asked for. */
    private Set<String> present(Instant first, Instant last, Set<String> wanted) {
        record Stored(String mark) {}
        Set<String> present = new HashSet<>();
        clickHouse.each(
                sql("present.sql").with("first", first.toEpochMilli()).with("last", last.toEpochMilli()),
                Stored.class,
                stored -> {
                    if (wanted.contains(stored.mark())) {
                        present.add(stored.mark());
                    }
                });
        return present;
    }

    /** The way through one source. */
    private final class Run {
        private final String name;
        private final long fromLine;
        private final LongConsumer progress;
        private final InputReader reader;
        private final InputSheet.Count count;
        private final Line line = new Line();
        private long number = 1;
        private boolean hasStored;
        private boolean hasLooked;
        private Chunk chunk;

        Run(String name, long fromLine, InputTable table, LongConsumer progress) {
            this.name = name;
            this.fromLine = fromLine;
            this.progress = progress;
            this.reader = new InputReader(table);
            this.count = new InputSheet.Count(table);
            this.chunk = new Chunk(name, fromLine);
        }

        int read(InputStream lines, byte[] buffer) {
            try {
                return lines.read(buffer);
            } catch (ZipException | EOFException e) {
                throw new PoisonMessageException(
                        "%s, after line %d: its compression is broken or ends too early%s"
                                .formatted(name, number - 1, chunk.goOn()),
                        e);
            } catch (IOException e) {
                throw new PoisonMessageException(
                        "%s, after line %d: it cannot be read on: %s%s"
                                .formatted(name, number - 1, e.getMessage(), chunk.goOn()),
                        e);
            }
        }

        void add(byte[] bytes, int offset, int length) {
            if (number < fromLine) {
                return;
            }
            if (line.length() + length > LINE_BYTES) {
                throw new PoisonMessageException(
                        "%s, line %d: it is longer than %,d bytes, and so no record; split it or take it out%s"
                                .formatted(name, number, LINE_BYTES, chunk.goOn()));
            }
            line.write(bytes, offset, length);
        }

        void endLine() {
            if (number >= fromLine) {
                if (number == 1) {
                    line.dropByteOrderMark();
                }
                if (!line.isBlank()) {
                    take(row());
                }
                line.reset();
                chunk.next = number + 1;
            }
            number++;
            if (chunk.isFull()) {
                send();
                chunk = new Chunk(name, number);
            }
        }

        /** A row that is too old would be stored for a moment, perhaps claimed, and then lost: it is not sent. */
        private void take(InputRow row) {
            if (row.fate() == Fate.EXPIRED) {
                count.add(row);
            } else {
                chunk.add(row, number);
            }
        }

        private InputRow row() {
            InputRow row;
            try {
                row = reader.read(line.bytes(), line.length(), options.skipsPresent() || !hasStored);
            } catch (PoisonMessageException e) {
                throw new PoisonMessageException(
                        "%s, line %d: %s%s".formatted(name, number, e.getMessage(), chunk.goOn()), e);
            }
            hasStored |= row.fate().isStored();
            row.fault().filter(fault -> options.strict()).ifPresent(fault -> {
                throw new PoisonMessageException(
                        "%s, line %d: %s, which --strict refuses%s".formatted(name, number, fault, chunk.goOn()));
            });
            return row;
        }

        void send() {
            if (options.skipsPresent()) {
                chunk.skipPresent(count);
            } else if (!hasLooked && hasStored) {
                hasLooked = true;
                chunk.lookForFirst(count);
            }
            chunk.send();
            chunk.rows.forEach(count::add);
            progress.accept(count.rows());
        }
    }

    /** The line that is being read; it gives the bytes that it has without copying them. */
    private static final class Line extends ByteArrayOutputStream {
        private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

        byte[] bytes() {
            return buf;
        }

        int length() {
            return count;
        }

        boolean isBlank() {
            for (int i = 0; i < count; i++) {
                if (buf[i] != '\r' && buf[i] != ' ' && buf[i] != '\t') {
                    return false;
                }
            }
            return true;
        }

        void dropByteOrderMark() {
            int length = BYTE_ORDER_MARK.length;
            if (count >= length && Arrays.equals(buf, 0, length, BYTE_ORDER_MARK, 0, length)) {
                System.arraycopy(buf, length, buf, 0, count - length);
                count -= length;
            }
        }
    }

    /** Rows of consecutive lines of a source that are sent together. */
    private final class Chunk {
        private final String name;
        private final long firstLine;
        private final List<InputRow> rows = new ArrayList<>();
        private final List<Long> lines = new ArrayList<>();
        private long bytes;
        private long next;

        Chunk(String name, long firstLine) {
            this.name = name;
            this.firstLine = firstLine;
            this.next = firstLine;
        }

        void add(InputRow row, long line) {
            rows.add(row);
            lines.add(line);
            bytes += row.length();
        }

        boolean isFull() {
            return next - firstLine >= CHUNK_LINES || bytes >= CHUNK_BYTES;
        }

        /** Leaves out what is stored, and what the chunk has twice: in a later chunk it would be stored already. */
        void skipPresent(InputSheet.Count count) {
            Set<String> wanted =
                    rows.stream().flatMap(row -> row.mark().stream()).collect(Collectors.toSet());
            if (wanted.isEmpty()) {
                return;
            }
            Set<String> there = present(
                    rows.stream()
                            .map(InputRow::start)
                            .min(Comparator.naturalOrder())
                            .orElseThrow(),
                    rows.stream()
                            .map(InputRow::start)
                            .max(Comparator.naturalOrder())
                            .orElseThrow(),
                    wanted);
            List<InputRow> all = List.copyOf(rows);
            List<Long> allLines = List.copyOf(lines);
            rows.clear();
            lines.clear();
            for (int i = 0; i < all.size(); i++) {
                InputRow row = all.get(i);
                if (row.fate().isStored()
                        && row.mark().filter(mark -> !there.add(mark)).isPresent()) {
                    count.skip();
                } else {
                    rows.add(row);
                    lines.add(allLines.get(i));
                }
            }
        }

        /** A file that was loaded before is known by its first row. */
        void lookForFirst(InputSheet.Count count) {
            Optional<InputRow> first =
                    rows.stream().filter(row -> row.fate().isStored()).findFirst();
            first.ifPresent(row -> {
                Set<String> wanted = row.mark().map(Set::of).orElse(Set.of());
                if (!wanted.isEmpty()
                        && !present(row.start(), row.start(), wanted).isEmpty()) {
                    count.repeat();
                }
            });
        }

        void send() {
            if (rows.isEmpty()) {
                return;
            }
            ByteArrayOutputStream json = new ByteArrayOutputStream((int) Math.min(bytes + rows.size(), 1 << 30));
            try {
                for (InputRow row : rows) {
                    row.writeTo(json);
                    json.write('\n');
                }
            } catch (IOException e) {
                throw new UncheckedIOException("memory does not fail", e);
            }
            try {
                clickHouse.insert(table, "JSONEachRow", json.toByteArray(), SETTINGS);
            } catch (RetryableException e) {
                Matcher row = AT_ROW.matcher(e.getMessage());
                if (row.find()) {
                    throw new PoisonMessageException(
                            "%s, line %d: ClickHouse does not take it as a row of %s%s%s"
                                    .formatted(name, line(Integer.parseInt(row.group(1))), table, field(e), goOn()),
                            e);
                }
                throw new RetryableException(
                        name + ": " + e.getMessage() + (ClickHouse.storedNothing(e) ? goOn() : look()), e);
            }
        }

        /** The field that ClickHouse names; its own words may quote the line. */
        private String field(RetryableException failure) {
            Matcher field = AT_FIELD.matcher(failure.getMessage());
            return field.find() ? ": the value of " + field.group(1) + " does not fit its column" : "";
        }

        /** The line of the source that the {@code row}th row is. */
        private long line(int row) {
            return lines.get(Math.clamp(row, 1, lines.size()) - 1);
        }

        /** For errors: what is loaded, and how to load the rest. */
        String goOn() {
            return firstLine == 1
                    ? "; nothing of it was loaded"
                    : "; the lines before " + firstLine + " are loaded: go on with --from-line " + firstLine;
        }

        /** For errors that can come before or after this chunk was stored, or no answer. */
        String look() {
            return "; ClickHouse has not said whether it stored them: the lines %d to %d may be loaded or not: look for them, and go on with --from-line %d or %d; the latter with --skip-present leaves out those that are there by then"
                    .formatted(firstLine, next - 1, next, firstLine);
        }
    }
}
