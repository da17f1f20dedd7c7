package io.logcourier.operations;

import io.logcourier.accesslog.Form;
import io.logcourier.accesslog.KeyStyle;
import io.logcourier.accesslog.Rendering;
import io.logcourier.configuration.Settings;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code courier ddl}. */
@Command(
        name = "ddl",
        footer = {
            "  courier ddl athena --bucket access-logs --prefix logs/",
            "  courier ddl athena --bucket access-logs --form parquet --keys event-time --account 123456789012"
        },
        description = {
            "Prints the statement that makes a table of log objects in another system: athena is Amazon Athena's."
                    + " Asks nobody, and makes nothing.",
            "What is not given follows from the settings of delivery, for this target bucket."
        })
public final class DdlCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "SYSTEM", description = "who reads the objects: ${COMPLETION-CANDIDATES}")
    private Reader reader;

    @Option(names = "--bucket", required = true, description = "the target bucket, which holds the log objects")
    private String bucket;

    @Option(names = "--prefix", defaultValue = "", description = "the target prefix of their keys, as it is")
    private String prefix;

    @Option(
            names = "--form",
            paramLabel = "WORD",
            description = "what is in them: text, json, json-cloudwatch or parquet")
    private String form;

    @Option(names = "--keys", paramLabel = "WORD", description = "their keys: simple, delivery-time or event-time")
    private String keys;

    @Option(names = "--account", description = "the account in partitioned keys (default: delivery.account-id)")
    private String account;

    @Option(names = "--region", description = "the region in partitioned keys (default: delivery.source-region)")
    private String region;

    @Option(
            names = "--source-bucket",
            paramLabel = "NAME",
            description =
                    "with partitioned keys: a bucket that was logged; may be repeated. Without it a query must name one")
    private List<String> sourceBuckets = List.of();

    @Option(
            names = "--since",
            paramLabel = "DAY",
            converter = Day.class,
            description =
                    "with partitioned keys: the first day that queries find, 2026-01-31 (default: three years ago)")
    private LocalDate since;

    @Option(names = "--database", defaultValue = "default", description = "where the table is made (default: default)")
    private String database;

    @Option(names = "--table", defaultValue = "s3_access_logs", description = "its name (default: s3_access_logs)")
    private String table;

    /** Who reads the objects. */
    enum Reader {
        /** Amazon Athena. */
        athena
    }

    /** A day as 2026-01-31. */
    static final class Day implements ITypeConverter<LocalDate> {
        @Override
        public LocalDate convert(String text) {
            try {
                return LocalDate.parse(text);
            } catch (DateTimeParseException e) {
                throw new TypeConversionException("'" + text + "' is no day as 2026-01-31");
            }
        }
    }

    @Override
    public Integer call() {
        AthenaTable made =
                switch (reader) {
                    case athena -> table(SettingsFlags.read(spec.commandLine().getParseResult()));
                };
        spec.commandLine().getOut().println(made.statement());
        spec.commandLine().getOut().flush();
        made.hints().forEach(spec.commandLine().getErr()::println);
        spec.commandLine().getErr().flush();
        return 0;
    }

    private AthenaTable table(Settings settings) {
        Form delivered = settings.forms().rules().of(bucket);
        try {
            return new AthenaTable(
                    database,
                    table,
                    bucket,
                    prefix,
                    form == null ? delivered.rendering() : named("form", form, Rendering.current(), Rendering::name),
                    keyStyle(settings),
                    account == null ? settings.forms().accountId() : account,
                    region == null ? region(settings) : region,
                    sourceBuckets,
                    Optional.ofNullable(since));
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    /** The region of the source buckets. */
    private String region(Settings settings) {
        List<String> regions = sourceBuckets.isEmpty()
                ? settings.forms().regions().rules().stream()
                        .map(rule -> rule.getValue())
                        .distinct()
                        .toList()
                : sourceBuckets.stream()
                        .map(settings.forms().regions()::of)
                        .distinct()
                        .toList();
        if (regions.size() > 1 && keyStyle(settings) != KeyStyle.SIMPLE) {
            throw new IllegalArgumentException("--region is needed, and a table for each: the source buckets are in "
                    + String.join(", ", regions));
        }
        return regions.getFirst();
    }

    private KeyStyle keyStyle(Settings settings) {
        return keys == null
                ? settings.forms().rules().of(bucket).keyStyle()
                : named("keys", keys, List.of(KeyStyle.values()), DdlCommand::word);
    }

    private static String word(KeyStyle style) {
        return style.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static <V> V named(String option, String text, List<V> values, Function<V, String> name) {
        return values.stream()
                .filter(value -> name.apply(value).equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("--%s = '%s': one of %s is needed"
                        .formatted(option, text, values.stream().map(name).collect(Collectors.joining(", ")))));
    }
}
