package io.logcourier.clickhouse;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * SQL text with named, typed parameters ({@code {name:Type}}) and settings. Immutable.
 *
 * @param name what failures call it: the file that it stands in
 * @param sql the text, without a FORMAT clause
 * @param parameters values by name, in the text form that ClickHouse's HTTP interface takes for {@code param_<name>}
 * @param settings ClickHouse settings for this statement alone
 */
public record Statement(String name, String sql, Map<String, String> parameters, Map<String, String> settings) {
    /** The setting that says what a statement may do: 2 reads, 0 changes things. */
    static final String READ_ONLY = "readonly";

    /** Copies the maps. */
    public Statement {
        parameters = Map.copyOf(parameters);
        settings = Map.copyOf(settings);
    }

    /** The statement {@code sql}, as yet without parameters. */
    public static Statement of(String sql) {
        return new Statement("a statement", sql, Map.of(), Map.of());
    }

    /** The statement in the resource {@code name} beside {@code owner}. */
    public static Statement resource(Class<?> owner, String name) {
        try (InputStream file = owner.getResourceAsStream(name)) {
            if (file == null) {
                throw new IllegalArgumentException("no resource " + name + " beside " + owner.getName());
            }
            return new Statement(name, new String(file.readAllBytes(), StandardCharsets.UTF_8), Map.of(), Map.of());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read resource " + name, e);
        }
    }

    /** With a text parameter (types String and Identifier). */
    public Statement with(String parameter, String value) {
        return with(parameter, value, true);
    }

    /** With an integer parameter. */
    public Statement with(String parameter, long value) {
        return with(parameter, Long.toString(value), false);
    }

    /** With a setting for this statement. */
    public Statement setting(String setting, String value) {
        Map<String, String> all = new LinkedHashMap<>(settings);
        all.put(setting, value);
        return new Statement(name, sql, parameters, all);
    }

    /** With {@code marker} in the text replaced by {@code replacement}, which must be SQL of our own making. */
    public Statement replace(String marker, String replacement) {
        return new Statement(name, sql.replace(marker, replacement), parameters, settings);
    }

    private Statement with(String parameter, String value, boolean escape) {
        Map<String, String> all = new LinkedHashMap<>(parameters);
        all.put(parameter, escape ? escape(value) : value);
        return new Statement(name, sql, all, settings);
    }

    /** ClickHouse reads parameter values as fields of its TabSeparated format. */
    private static String escape(String value) {
        return value.replace("\\", "\\\\")
                .replace("\t", "\\t")
                .replace("\n", "\\n")
                .replace("\r", "\\r")
                .replace("\0", "\\0");
    }
}
