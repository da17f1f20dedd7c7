package io.logcourier.worker;

import java.util.regex.Pattern;

/** ClickHouse says that the rows of an order cannot be rendered, and would say so again. */
final class UnrenderableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** ClickHouse quotes the statement, which may name thousands of blocks; the name of the error stands behind it. */
    private static final Pattern STATEMENT = Pattern.compile(":? In scope .*(?=[.] [(][A-Z0-9_]+[)])", Pattern.DOTALL);

    private static final int QUOTED_CHARACTERS = 1000;

    UnrenderableException(RuntimeException cause) {
        super(
                "ClickHouse cannot render it: " + beginning(cause.getMessage())
                        + ": mend the column or the rows that it names; then run `courier redrive`, or `courier replay`",
                cause);
    }

    private static String beginning(String message) {
        String text = STATEMENT.matcher(message).replaceFirst("");
        return text.codePointCount(0, text.length()) <= QUOTED_CHARACTERS
                ? text
                : text.substring(0, text.offsetByCodePoints(0, QUOTED_CHARACTERS)) + "...";
    }
}
