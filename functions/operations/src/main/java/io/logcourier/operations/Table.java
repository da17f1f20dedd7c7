package io.logcourier.operations;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A table for people: names on the left, figures on the right, no wider than what it is shown on. A column is as wide as
 * what stands in it. A name that leaves no room for its figures has a line of its own, and its figures stand below.
 */
final class Table {
    private static final String GAP = "  ";
    private static final Set<String> NOTHING = Set.of("0", "-", "");

    private record Row(List<String> cells, List<String> notes) {}

    private final List<String> columns;
    private final Set<String> leftOut;
    private final List<Row> rows = new ArrayList<>();

    /**
     * A table without rows.
     *
     * @param columns their headings, that of the names first
     * @param leftOut the headings of columns that are left out where no row has anything but 0 or - in them
     */
    Table(List<String> columns, Set<String> leftOut) {
        this.columns = List.copyOf(columns);
        this.leftOut = Set.copyOf(leftOut);
    }

    /** A figure as tables show it. */
    static String figure(long number) {
        return "%,d".formatted(number);
    }

    /**
     * Adds a row.
     *
     * @throws IllegalArgumentException if it has not a cell for each column
     */
    void add(String... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(
                    "%d cells for %d columns: %s".formatted(cells.length, columns.size(), Arrays.toString(cells)));
        }
        rows.add(new Row(List.of(cells), new ArrayList<>()));
    }

    /** Adds a line below the last row, indented, whatever its length. */
    void note(String line) {
        rows.getLast().notes().add(line);
    }

    /** The table, each line ended, in lines of at most {@code width} characters where names and figures allow it. */
    String text(int width) {
        int[] shown = IntStream.range(0, columns.size()).filter(this::isShown).toArray();
        int[] widths = Arrays.stream(shown).map(this::width).toArray();
        int figures =
                Arrays.stream(widths).skip(1).map(one -> one + GAP.length()).sum();
        int names = Math.clamp(width - figures, Math.min(columns.getFirst().length(), widths[0]), widths[0]);
        StringBuilder text = new StringBuilder(line(columns, shown, widths, names));
        for (Row row : rows) {
            text.append(line(row.cells(), shown, widths, names));
            row.notes()
                    .forEach(note -> text.append(GAP).append(GAP).append(note).append(System.lineSeparator()));
        }
        return text.toString();
    }

    private boolean isShown(int column) {
        return !leftOut.contains(columns.get(column))
                || rows.stream().anyMatch(row -> !NOTHING.contains(row.cells().get(column)));
    }

    private int width(int column) {
        return Math.max(
                columns.get(column).length(),
                rows.stream()
                        .mapToInt(row -> row.cells().get(column).length())
                        .max()
                        .orElse(0));
    }

    private static String line(List<String> cells, int[] shown, int[] widths, int names) {
        String name = cells.get(shown[0]);
        String figures = IntStream.range(1, shown.length)
                .mapToObj(i -> GAP + " ".repeat(widths[i] - cells.get(shown[i]).length()) + cells.get(shown[i]))
                .collect(Collectors.joining());
        String start = name.length() > names
                ? name + System.lineSeparator() + " ".repeat(names)
                : name + " ".repeat(names - name.length());
        return (start + figures).stripTrailing() + System.lineSeparator();
    }
}
