package io.logcourier.operations;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.logging.Plain;
import java.io.PrintWriter;
import java.util.function.Function;
import picocli.CommandLine.Model.CommandSpec;

/** Where every command prints what it found. */
public final class Output {
    private Output() {}

    /**
     * Prints a result: as one line of JSON, or as text for people, in which no value of the result begins a line or holds
     * anything that a terminal obeys.
     *
     * @param text makes the text of a result whose values are {@link Plain}
     */
    public static <T extends Record> void print(CommandSpec spec, boolean json, T result, Function<T, String> text) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? ClickHouse.JSON.writeValueAsString(result) : text(result, text));
        out.flush();
    }

    /** The text for people, in colour where stdout is a terminal that wants it. */
    static <T extends Record> String text(T result, Function<T, String> text) {
        String plain = text.apply(Plain.copy(result));
        return Terminal.STDOUT.wantsColour() ? Colour.paint(plain) : plain;
    }
}
