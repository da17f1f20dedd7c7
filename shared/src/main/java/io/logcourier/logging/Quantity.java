package io.logcourier.logging;

/** Numbers of things in words for people: {@code 1 row}, {@code 2,000 rows}. */
public final class Quantity {
    private Quantity() {}

    /**
     * So many of them.
     *
     * @param thing one of them, whose plural ends in s
     */
    public static String of(long number, String thing) {
        return of(number, thing, thing + "s");
    }

    /** So many of them, where more than one have another name than one with an s. */
    public static String of(long number, String one, String many) {
        return "%,d %s".formatted(number, number == 1 ? one : many);
    }
}
