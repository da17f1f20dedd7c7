package io.logcourier.operations;

import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Colours for what people look for first: verdicts, and what needs attention. A terminal obeys no other sequence of ours. */
public enum Colour {
    GOOD("\033[32m"),
    ATTENTION("\033[33m"),
    BAD("\033[31m");

    /** The sequences of colours, bold and underlined, all that may reach a terminal. */
    public static final Pattern SEQUENCES = Pattern.compile("\033\\[(?:[0134]|2[1-4]|3[1-69])?m");

    private static final String USUAL = "\033[0m";
    private static final Pattern WELL = Pattern.compile("DELIVERED: .*|The books balance.*");
    private static final Pattern WRONG = Pattern.compile(
            "NOT DELIVERED: .*|(?:difference|missing|not read|lost|given up|left alone): .*|[0-9,]+ (?:differences?|objects? missing|orders? given up|rows? lost).*");
    private static final Pattern NOTE = Pattern.compile(" {4}\\S.*");

    private final String sequence;

    Colour(String sequence) {
        this.sequence = sequence;
    }

    /** A text with its verdicts, what is wrong, and the notes below the rows of a table in colour. */
    static String paint(String text) {
        return text.lines().map(Colour::line).collect(Collectors.joining(System.lineSeparator()));
    }

    private static String line(String line) {
        if (WELL.matcher(line).matches()) {
            return GOOD.on(line);
        }
        if (WRONG.matcher(line).matches()) {
            return BAD.on(line);
        }
        return NOTE.matcher(line).matches() ? ATTENTION.on(line) : line;
    }

    private String on(String line) {
        return sequence + line + USUAL;
    }
}
