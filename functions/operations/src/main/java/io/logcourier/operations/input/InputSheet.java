package io.logcourier.operations.input;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * What the rows of a source were, counted: a row is in one of the counts of rows that do not arrive at most.
 *
 * @param rows of the source, but for skipped ones
 * @param internal of them, those with loggingEnabled false, which are not stored
 * @param unflagged those without loggingEnabled, which are not stored either
 * @param expired those older than the log table keeps rows, which are not sent
 * @param withoutBucket those that are stored and undeliverable, since they have no bucketName
 * @param withoutTarget the same of loggingTargetBucket
 * @param impossibleTarget the same where no bucket can be called so
 * @param skipped rows that were not sent, since they were in the log table
 * @param repeated whether the first row that is stored was in the log table before
 * @param unknown fields that are no columns, those found first
 * @param moreUnknown how often others were found
 * @param lacking fields that rows must or usually have, and that some of these, internal traffic apart, lack
 */
public record InputSheet(
        long rows,
        long internal,
        long unflagged,
        long expired,
        long withoutBucket,
        long withoutTarget,
        long impossibleTarget,
        long skipped,
        boolean repeated,
        List<Unknown> unknown,
        long moreUnknown,
        List<Lacking> lacking) {
    /**
     * A field that is no column.
     *
     * @param rows that have it
     * @param meant the column that it may be meant to be; empty where none is like it
     */
    public record Unknown(String field, long rows, String meant) {}

    /** A field that so many rows lack, and what becomes of them. */
    public record Lacking(String field, long rows, String consequence) {}

    /** How many rows the log table has more, if it keeps those that it should. */
    public long stored() {
        return rows - internal - unflagged - expired;
    }

    /** Whether every row is to arrive: internal traffic is not. */
    public boolean arrives() {
        return unflagged + expired + withoutBucket + withoutTarget + impossibleTarget == 0;
    }

    /** Rows that arrive nowhere and should, as one phrase; empty where there are none. */
    public Optional<String> notStored() {
        List<String> parts = new ArrayList<>();
        add(parts, unflagged, "has no loggingEnabled", "have no loggingEnabled");
        add(parts, expired, "is older than the log table keeps rows", "are older than the log table keeps rows");
        return parts.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", parts));
    }

    /** What there is to say of the rows, for people, a line each; none where all is as it should be. */
    public List<String> remarks() {
        List<String> lines = new ArrayList<>();
        add(
                lines,
                internal,
                "is internal traffic (loggingEnabled is false): it is not stored",
                "are internal traffic (loggingEnabled is false): they are not stored");
        add(
                lines,
                unflagged,
                "has no loggingEnabled: it is not stored, as internal traffic is not",
                "have no loggingEnabled: they are not stored, as internal traffic is not");
        add(
                lines,
                expired,
                "is older than the log table keeps rows: it was not sent; look at insertedAt and the table's TTL",
                "are older than the log table keeps rows: they were not sent; look at insertedAt and the table's TTL");
        add(
                lines,
                withoutBucket,
                "has no bucketName: it is undeliverable",
                "have no bucketName: they are undeliverable");
        add(
                lines,
                withoutTarget,
                "has no loggingTargetBucket: it is undeliverable",
                "have no loggingTargetBucket: they are undeliverable");
        add(
                lines,
                impossibleTarget,
                "has a loggingTargetBucket that no bucket can be called: it is undeliverable",
                "have a loggingTargetBucket that no bucket can be called: they are undeliverable");
        unknown.forEach(field -> lines.add("%s: no such field, left out of %s%s"
                .formatted(
                        field.field(),
                        rows(field.rows()),
                        field.meant().isEmpty() ? "" : "; is " + field.meant() + " meant?")));
        if (moreUnknown > 0) {
            lines.add("%,d times other fields that there are not, left out".formatted(moreUnknown));
        }
        lacking.forEach(field ->
                lines.add("%s: absent from %s: %s".formatted(field.field(), rows(field.rows()), field.consequence())));
        add(
                lines,
                skipped,
                "was in the log table already and was left out",
                "were in the log table already and were left out");
        if (repeated) {
            lines.add(
                    "its first row was in the log table before: rows that are loaded twice are delivered twice; --skip-present leaves out those that are there");
        }
        return lines;
    }

    private static void add(List<String> lines, long rows, String one, String many) {
        if (rows > 0) {
            lines.add("%s %s".formatted(rows(rows), rows == 1 ? one : many));
        }
    }

    private static String rows(long rows) {
        return rows == 1 ? "1 row" : "%,d rows".formatted(rows);
    }

    /** Counts rows. Not thread-safe. */
    public static final class Count {
        /** A source of which every row brings names of its own must not fill memory. */
        private static final int UNKNOWN_NAMES = 50;

        private final InputTable table;
        private final Map<Fate, Long> fates = new EnumMap<>(Fate.class);
        private final SequencedMap<String, Long> unknown = new LinkedHashMap<>();
        private final Map<InputField, Long> lacking = new EnumMap<>(InputField.class);
        private long rows;
        private long skipped;
        private long moreUnknown;
        private boolean repeated;

        /** Of rows for {@code table}. */
        public Count(InputTable table) {
            this.table = table;
        }

        /** A row of the source. */
        public void add(InputRow row) {
            rows++;
            fates.merge(row.fate(), 1L, Long::sum);
            for (String field : row.unknown()) {
                if (unknown.size() < UNKNOWN_NAMES || unknown.containsKey(field)) {
                    unknown.merge(field, 1L, Long::sum);
                } else {
                    moreUnknown++;
                }
            }
            row.lacking().forEach(field -> lacking.merge(field, 1L, Long::sum));
        }

        /** A row was not sent, since the log table has it. */
        public void skip() {
            skipped++;
        }

        /** The first row was in the log table. */
        public void repeat() {
            repeated = true;
        }

        /** How many rows there were so far. */
        public long rows() {
            return rows;
        }

        /** What was counted. */
        public InputSheet sheet() {
            return new InputSheet(
                    rows,
                    rows(Fate.INTERNAL),
                    rows(Fate.UNFLAGGED),
                    rows(Fate.EXPIRED),
                    rows(Fate.WITHOUT_BUCKET),
                    rows(Fate.WITHOUT_TARGET),
                    rows(Fate.IMPOSSIBLE_TARGET),
                    skipped,
                    repeated,
                    unknown.entrySet().stream()
                            .map(field -> new Unknown(
                                    field.getKey(),
                                    field.getValue(),
                                    InputField.meant(field.getKey(), table.names())
                                            .orElse("")))
                            .toList(),
                    moreUnknown,
                    lacking.entrySet().stream()
                            // Those of the other kind are counted by what becomes of them.
                            .filter(field -> field.getKey().need() == InputField.Need.EXPECTED)
                            .map(field -> new Lacking(field.getKey().column(), field.getValue(), "their lines show -"))
                            .toList());
        }

        private long rows(Fate fate) {
            return fates.getOrDefault(fate, 0L);
        }
    }
}
