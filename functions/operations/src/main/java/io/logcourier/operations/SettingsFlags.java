package io.logcourier.operations;

import io.logcourier.configuration.Setting;
import io.logcourier.configuration.Settings;
import io.logcourier.logging.Logging;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Every setting as a flag of a command. */
public final class SettingsFlags {
    private static final String FILE_FLAG = "--config-file";

    /** What the help calls the settings of an area, the part of their names before the dot. */
    private static final Map<String, String> TITLES = Map.of(
            "lane", "ClickHouse",
            "clickhouse", "ClickHouse",
            "aws", "S3 and AWS",
            "s3", "S3 and AWS",
            "sts", "S3 and AWS",
            "sqs", "Queue",
            "queue", "Queue",
            "discovery", "Which rows are due",
            "delivery", "What log objects are like",
            "log", "Log");

    private SettingsFlags() {}

    /**
     * Adds a flag for each setting to {@code command}, those named in {@code except} left out. Its help lists those that it
     * uses, in groups after its own options; it takes the others too, since one set of flags may serve several commands.
     *
     * @param used by the name of a setting, whether the command reads it
     */
    public static void addTo(CommandSpec command, Set<String> except, Predicate<String> used) {
        Map<String, ArgGroupSpec.Builder> groups = new LinkedHashMap<>();
        groups.put(
                "",
                group("%nSettings, each a flag, a variable or a line of the YAML file:%n", 1)
                        .addArg(OptionSpec.builder(FILE_FLAG)
                                .paramLabel("FILE")
                                .type(String.class)
                                .description("YAML file with settings (%s)".formatted(Settings.FILE_VARIABLE))
                                .build()));
        for (Setting<?> setting : Setting.all()) {
            if (except.contains(setting.name())) {
                continue;
            }
            OptionSpec.Builder flag = OptionSpec.builder(setting.flag())
                    .paramLabel("VALUE")
                    .type(String.class)
                    .description("%s (%s%s)"
                            .formatted(
                                    setting.description(),
                                    setting.fallback().isEmpty() ? "" : "default: " + setting.fallback() + "; ",
                                    setting.variable())
                            .replace("%", "%%"));
            if (used.test(setting.name())) {
                String area = setting.name().replaceFirst("\\..*", "");
                String title = TITLES.getOrDefault(area, area);
                groups.computeIfAbsent(title, added -> group("%n" + added + ":%n", groups.size() + 1))
                        .addArg(flag.build());
            } else {
                command.addOption(flag.hidden(true).build());
            }
        }
        groups.values().forEach(group -> command.addArgGroup(group.build()));
        command.usageMessage().abbreviateSynopsis(true);
    }

    private static ArgGroupSpec.Builder group(String heading, int order) {
        return ArgGroupSpec.builder()
                .heading(heading)
                .order(order)
                .exclusive(false)
                .validate(false);
    }

    /** The settings given as flags, by name. */
    public static Map<String, String> given(ParseResult parsed) {
        Map<String, String> flags = new HashMap<>();
        for (Setting<?> setting : Setting.all()) {
            String value = parsed.matchedOptionValue(setting.flag(), null);
            if (value != null) {
                flags.put(setting.name(), value);
            }
        }
        return flags;
    }

    /** The process's environment, in which {@code --config-file} stands in for its variable. */
    public static Map<String, String> environment(ParseResult parsed) {
        Map<String, String> environment = new HashMap<>(System.getenv());
        String file = parsed.matchedOptionValue(FILE_FLAG, null);
        if (file != null) {
            environment.put(Settings.FILE_VARIABLE, file);
        }
        return environment;
    }

    /** The settings of a command: its flags, the environment, the file, the defaults. Its log level takes effect. */
    public static Settings read(ParseResult parsed) {
        return Logging.apply(Settings.read(given(parsed), environment(parsed)));
    }
}
