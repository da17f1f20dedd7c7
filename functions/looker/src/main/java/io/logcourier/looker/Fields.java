package io.logcourier.looker;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A log line cut into its fields: one space between them, and none but those within brackets or quotes that begin a
 * field. Cuts lines that are damaged too, somehow. It holds the bytes that it was given. Not thread-safe.
 */
final class Fields {
    static final int TIME = 2;
    static final int REQUEST_ID = 5;
    static final int KEY = 7;

    /** The names that AWS gives the fields, in order. */
    private static final List<String> NAMES =
            List.copyOf(LogLine.fields(Map.of("startTime", Instant.EPOCH), LogLine.Style.AWS)
                    .keySet());

    private static final int MOST = 64;

    private final int[] starts = new int[MOST + 1];
    private byte[] bytes = {};
    private int count;
    private int lineEnd;

    Fields() {}

    Fields(byte[] bytes, int from, int to) {
        cut(bytes, from, to, MOST);
    }

    /** Cuts another line, up to {@code most} fields. */
    void cut(byte[] line, int from, int to, int most) {
        bytes = line;
        lineEnd = to;
        count = 0;
        int at = from;
        while (at <= to && count < most) {
            starts[count++] = at;
            if (at < to && (line[at] == '"' || (line[at] == '[' && count - 1 == TIME))) {
                int close = line[at] == '"' ? '"' : ']';
                int end = at + 1;
                while (end < to && !(line[end] == close && (end + 1 == to || line[end + 1] == ' '))) {
                    end++;
                }
                at = end;
            }
            while (at < to && line[at] != ' ') {
                at++;
            }
            at++;
        }
        starts[count] = Math.min(at, to + 1);
    }

    /** Where the fields end that {@code more} others follow, each a token without spaces; the start if there are too few. */
    static int end(byte[] line, int from, int to, int more) {
        int end = to;
        for (int i = 0; i < more; i++) {
            do {
                end--;
            } while (end > from && line[end] != ' ');
        }
        return Math.max(from, end);
    }

    byte[] bytes() {
        return bytes;
    }

    /** Where the line ends. */
    int lineEnd() {
        return lineEnd;
    }

    int start(int field) {
        return starts[field];
    }

    /** The bytes of a field; 0 where there is none. */
    int length(int field) {
        return field < count ? starts[field + 1] - 1 - starts[field] : 0;
    }

    /** A field that differs. */
    record Difference(String field, String expected, String got) {}

    /** The fields of {@code got} that are not as they are here. */
    List<Difference> differences(Fields got) {
        List<Difference> differences = new ArrayList<>();
        for (int i = 0; i < Math.max(count, got.count); i++) {
            String here = text(i);
            String there = got.text(i);
            if (!here.equals(there)) {
                differences.add(new Difference(i < NAMES.size() ? NAMES.get(i) : "field " + (i + 1), here, there));
            }
        }
        return differences;
    }

    /** A field, one character per byte. */
    String text(int field) {
        return field < count ? new String(bytes, starts[field], length(field), StandardCharsets.ISO_8859_1) : "nothing";
    }
}
