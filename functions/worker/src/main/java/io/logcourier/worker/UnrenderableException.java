package io.logcourier.worker;

/** ClickHouse says that the rows of an order cannot be rendered, and would say so again. */
final class UnrenderableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** ClickHouse may quote the whole statement, which may name thousands of blocks. */
    private static final int QUOTED_CHARACTERS = 1000;

    UnrenderableException(RuntimeException cause) {
        super(
                "ClickHouse cannot render it: " + beginning(cause.getMessage())
                        + ": mend the column or the rows that it names; then redrive the dead-letter queue, or run `courier replay`",
                cause);
    }

    private static String beginning(String text) {
        return text.codePointCount(0, text.length()) <= QUOTED_CHARACTERS
                ? text
                : text.substring(0, text.offsetByCodePoints(0, QUOTED_CHARACTERS)) + "...";
    }
}
