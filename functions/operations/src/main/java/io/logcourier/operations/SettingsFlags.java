package io.logcourier.operations;

import io.logcourier.configuration.Setting;
import io.logcourier.configuration.Settings;
import io.logcourier.logging.Logging;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
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
        ArgGroupSpec.Builder shown = ArgGroupSpec.builder().exclusive(false).validate(false);
        shown.addArg(OptionSpec.builder(FILE_FLAG)
                .paramLabel("FILE")
                .type(String.class)
                .build());
        List<Setting<?>> settings = new ArrayList<>();
        for (Setting<?> setting : Setting.all()) {
            if (except.contains(setting.name())) {
                continue;
            }
            OptionSpec.Builder flag =
                    OptionSpec.builder(setting.flag()).paramLabel("VALUE").type(String.class);
            if (used.test(setting.name())) {
                settings.add(setting);
                shown.addArg(flag.build());
            } else {
                command.addOption(flag.hidden(true).build());
            }
        }
        ArgGroupSpec flags = shown.build();
        command.addArgGroup(flags);
        UsageMessageSpec usage = command.usageMessage().abbreviateSynopsis(true);
        usage.sectionMap()
                .put(
                        UsageMessageSpec.SECTION_KEY_OPTION_LIST,
                        help -> help.optionListExcludingGroups(help.commandSpec().options().stream()
                                        .filter(option -> !flags.equals(option.group()) && !option.hidden())
                                        .toList())
                                + text(settings, usage.width()));
    }

    /** The settings for people: for each its flag, variable and default, and what it means, in groups. */
    private static String text(List<Setting<?>> settings, int width) {
        StringBuilder text = new StringBuilder("""

                Settings: flag, variable and default of each
                  %s  %s
                      YAML file with settings
                """.formatted(FILE_FLAG, Settings.FILE_VARIABLE));
        String title = "";
        for (Setting<?> setting : settings) {
            String area = setting.name().replaceFirst("\\..*", "");
            if (!TITLES.getOrDefault(area, area).equals(title)) {
                title = TITLES.getOrDefault(area, area);
                text.append("%n%s%n".formatted(title));
            }
            text.append(wrapped("  ", setting.flag() + "  " + setting.variable() + defaultOf(setting), width))
                    .append(wrapped("      ", setting.description(), width));
        }
        return text.toString();
    }

    private static String defaultOf(Setting<?> setting) {
        return setting.fallback().isEmpty() ? "" : "  (" + setting.fallback() + ")";
    }

    /** In lines of so many characters at most, as far as words are no longer. */
    static String wrapped(String indent, String words, int width) {
        StringBuilder text = new StringBuilder();
        StringBuilder line = new StringBuilder(indent);
        // Two spaces part columns, and stay.
        for (String word : words.split(" (?! )", -1)) {
            if (line.length() > indent.length() && line.length() + 1 + word.length() > width) {
                text.append(line.toString().stripTrailing()).append(System.lineSeparator());
                line = new StringBuilder(indent).append(indent.length() == 2 ? "      " : "");
            }
            line.append(line.toString().isBlank() ? "" : " ").append(word);
        }
        return text.append(line).append(System.lineSeparator()).toString();
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
