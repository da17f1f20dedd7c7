package io.logcourier.operations.input;

import java.math.BigInteger;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a column takes of JSON, as ClickHouse reads it where that is right, and refuses where it would store another value. */
sealed interface ValueKind {
    /** Anything: what is no text is stored as it stands in the row. */
    record Text() implements ValueKind {}

    /** A whole number between two; text of one too. ClickHouse lets a larger one run over. */
    record Whole(BigInteger least, BigInteger most) implements ValueKind {}

    /** A number, with or without a fraction; text of one too. */
    record Decimal() implements ValueKind {}

    /** True or false, 1 or 0, without quotes. */
    record Flag() implements ValueKind {}

    /**
     * A time, which {@link InputTime} reads.
     *
     * @param isWholeSeconds whether the column has no parts of them
     */
    record Time(boolean isWholeSeconds) implements ValueKind {}

    /** Of a type that ClickHouse alone judges. */
    record Other() implements ValueKind {}

    /** The kind of a column's type, as ClickHouse names it. */
    static ValueKind of(String type) {
        String stored = unwrapped(unwrapped(type, "LowCardinality"), "Nullable");
        Matcher whole = Pattern.compile("(U?)Int(8|16|32|64)").matcher(stored);
        if (whole.matches()) {
            int bits = Integer.parseInt(whole.group(2));
            boolean isSigned = whole.group(1).isEmpty();
            BigInteger end = BigInteger.ONE.shiftLeft(isSigned ? bits - 1 : bits);
            return new Whole(isSigned ? end.negate() : BigInteger.ZERO, end.subtract(BigInteger.ONE));
        }
        if (stored.matches("DateTime(\\(.*\\))?")) {
            return new Time(true);
        }
        if (stored.matches("DateTime64\\(.*\\)")) {
            return new Time(false);
        }
        return switch (stored) {
            case "String" -> new Text();
            case "Float32", "Float64" -> new Decimal();
            case "Bool" -> new Flag();
            default -> new Other();
        };
    }

    private static String unwrapped(String type, String wrapper) {
        return Optional.of(type)
                .filter(wrapped -> wrapped.startsWith(wrapper + "(") && wrapped.endsWith(")"))
                .map(wrapped -> wrapped.substring(wrapper.length() + 1, wrapped.length() - 1))
                .orElse(type);
    }
}
