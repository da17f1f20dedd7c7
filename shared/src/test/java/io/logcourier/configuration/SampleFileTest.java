package io.logcourier.configuration;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The sample file has every setting, and each with its default. */
class SampleFileTest {
    private static final Path SAMPLE = repository().resolve("docs").resolve("courier.yaml");

    /** Has the test write the sample instead, after a change of settings. */
    private static final String WRITE = "sample.write";

    private static final int WIDTH = 100;

    @Test
    void theSampleIsTheTableInTheCode() throws IOException {
        String sample = sample();
        if (Boolean.getBoolean(WRITE)) {
            Files.writeString(SAMPLE, sample);
        }

        assertThat(SAMPLE)
                .as("docs/courier.yaml; -D%s=true writes it anew", WRITE)
                .content()
                .isEqualTo(sample);
    }

    @Test
    void theSampleChangesNothing() {
        assertThat(Settings.read(Map.of(), Map.of(Settings.FILE_VARIABLE, SAMPLE.toString())))
                .isEqualTo(Settings.read(Map.of(), Map.of()));
    }

    private static String sample() {
        StringBuilder text = new StringBuilder("""
                # Every setting with its default. Copy this file and change what is to differ; what is left out, or
                # empty, is the default. Each command takes it by --config-file, or by LOG_COURIER_CONFIG_FILE.
                # Flags and environment variables win over it. Keys are nested: a key with dots is refused.
                log-courier:
                """);
        String section = "";
        for (Setting<?> setting : Setting.all()) {
            String[] name = setting.name().split("\\.", -1);
            if (!name[0].equals(section)) {
                section = name[0];
                text.append("%n  %s:%n".formatted(section));
            }
            wrapped(setting.description()).forEach(line -> text.append("    # %s%n".formatted(line)));
            text.append("    %s: '%s'%n".formatted(name[1], setting.fallback().replace("'", "''")));
        }
        return text.toString();
    }

    private static Stream<String> wrapped(String description) {
        StringBuilder lines = new StringBuilder();
        int column = 0;
        for (String word : description.split(" ", -1)) {
            boolean fits = column + word.length() < WIDTH;
            lines.append(column == 0 ? "" : fits ? " " : "\n").append(word);
            column = (fits ? column + 1 : 0) + word.length();
        }
        return lines.toString().lines();
    }

    /** The folder with the template, here or above. */
    private static Path repository() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("template.yaml"))) {
            folder = folder.getParent();
        }
        return folder;
    }
}
