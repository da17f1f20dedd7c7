package io.logcourier.localstack.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.Set;

/**
 * A ClickHouse output format, as far as the front treats it in its own way. libchdb renders each piece of a streamed
 * result as a whole document, so only formats without anything before, between or after their rows can be streamed, and
 * those whose header can be cut off again.
 *
 * @param name as ClickHouse spells it; it does not care about case
 */
record Format(String name) {
    static final Format TAB_SEPARATED = new Format("TabSeparated");

    private static final Set<String> ROWS_ONLY = Set.of(
            "csv",
            "jsoncompacteachrow",
            "jsoncompactstringseachrow",
            "jsoneachrow",
            "jsonlines",
            "jsonstringseachrow",
            "lineasstring",
            "msgpack",
            "native",
            "ndjson",
            "raw",
            "rowbinary",
            "tabseparated",
            "tabseparatedraw",
            "tskv",
            "tsv",
            "tsvraw");

    /** Whether a result can be sent piece by piece. */
    boolean streamable() {
        return ROWS_ONLY.contains(key()) || headerStrings() > 0;
    }

    /** How many strings the binary header has for each column. */
    private int headerStrings() {
        return switch (key()) {
            case "rowbinarywithnames" -> 1;
            case "rowbinarywithnamesandtypes" -> 2;
            default -> 0;
        };
    }

    /** How many bytes of a piece are the header that all pieces repeat: a column count, then that many strings. */
    long headerLength(MemorySegment piece) {
        int perColumn = headerStrings();
        if (perColumn == 0 || piece.byteSize() == 0) {
            return 0;
        }
        VarInts in = new VarInts(piece);
        for (long strings = in.next() * perColumn; strings > 0; strings--) {
            in.skip(in.next());
        }
        return in.offset;
    }

    String contentType() {
        String key = key();
        if (key.startsWith("jsoneachrow") || key.equals("jsonlines") || key.equals("ndjson")) {
            return "application/x-ndjson; charset=UTF-8";
        }
        if (key.startsWith("json")) {
            return "application/json; charset=UTF-8";
        }
        if (key.startsWith("csv")) {
            return "text/csv; charset=UTF-8; header=" + (key.contains("withnames") ? "present" : "absent");
        }
        if (key.startsWith("tabseparated") || key.startsWith("tsv")) {
            return "text/tab-separated-values; charset=UTF-8";
        }
        return key.startsWith("rowbinary") || key.equals("native")
                ? "application/octet-stream"
                : "text/plain; charset=UTF-8";
    }

    private String key() {
        return name.toLowerCase(Locale.ROOT);
    }

    /** Reads unsigned LEB128 numbers. */
    private static final class VarInts {
        private final MemorySegment bytes;
        private long offset;

        VarInts(MemorySegment bytes) {
            this.bytes = bytes;
        }

        void skip(long length) {
            offset += length;
        }

        long next() {
            long value = 0;
            for (int shift = 0; ; shift += 7) {
                byte b = bytes.get(ValueLayout.JAVA_BYTE, offset++);
                value |= (b & 0x7FL) << shift;
                if (b >= 0) {
                    return value;
                }
            }
        }
    }
}
