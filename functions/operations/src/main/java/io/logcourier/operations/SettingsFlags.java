package io.logcourier.operations;

import io.logcourier.configuration.Setting;
import io.logcourier.configuration.Settings;
import io.logcourier.logging.Logging;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Every setting as a flag of a command. */
public final class SettingsFlags {
    private static final String FILE_FLAG = "--config-file";

    private SettingsFlags() {}

    /** Adds a flag for each setting to {@code command}, those named in {@code except} left out. */
    public static void addTo(CommandSpec command, Set<String> except) {
        ArgGroupSpec.Builder group = ArgGroupSpec.builder()
                .heading("%nSettings, which may also be variables or stand in a file:%n")
                .order(1)
                .exclusive(false)
                .validate(false)
                .addArg(OptionSpec.builder(FILE_FLAG)
                        .paramLabel("FILE")
                        .type(String.class)
                        .description("YAML file with settings (%s)".formatted(Settings.FILE_VARIABLE))
                        .build());
        for (Setting<?> setting : Setting.all()) {
            if (except.contains(setting.name())) {
                continue;
            }
            group.addArg(OptionSpec.builder(setting.flag())
                    .paramLabel("VALUE")
                    .type(String.class)
                    .description("%s%s"
                            .formatted(
                                    setting.description(),
                                    setting.fallback().isEmpty() ? "" : " (default: " + setting.fallback() + ")"))
                    .build());
        }
        command.addArgGroup(group.build());
        command.usageMessage().abbreviateSynopsis(true);
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
