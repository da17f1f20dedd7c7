package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.configuration.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What the README says of settings and commands is what the code has. */
final class ReadmeTest {
    private static final Path README = Path.of("..", "README.md");
    private static final Pattern COMMAND = Pattern.compile("\\| `([a-z-]+)` \\| .*");
    private static final Pattern EXAMPLE = Pattern.compile(" {4}\\./courier ([a-z]+)([^#]*)(?:#.*)?");

    @Test
    void theTableOfSettingsIsTheTableInTheCode() throws IOException {
        List<String> rows = Files.readAllLines(README).stream()
                .filter(line -> line.matches("\\| `[a-z0-9-]+\\.[a-z0-9.-]+` \\|.*"))
                .toList();

        assertThat(rows)
                .containsExactlyElementsOf(Setting.all().stream()
                        .map(setting -> "| `%s` | %s | %s |"
                                .formatted(
                                        setting.name(),
                                        setting.fallback().isEmpty() ? "" : "`" + setting.fallback() + "`",
                                        setting.description()))
                        .toList());
    }

    @Test
    void everyCommandIsInTheTableOfCommandsAndNoOther() throws IOException {
        List<String> commands = Files.readAllLines(README).stream()
                .map(COMMAND::matcher)
                .filter(Matcher::matches)
                .map(row -> row.group(1))
                .toList();

        assertThat(commands)
                .containsExactlyInAnyOrderElementsOf(
                        Main.commandLine().getSubcommands().keySet());
    }

    @Test
    void everyExampleParses() throws IOException {
        List<Matcher> examples = Files.readAllLines(README).stream()
                .map(EXAMPLE::matcher)
                .filter(Matcher::matches)
                .toList();

        assertThat(examples).hasSizeGreaterThan(5);
        for (Matcher example : examples) {
            String[] arguments = (example.group(1) + example.group(2)).strip().split(" +");
            CommandLine line = Main.commandLine();
            line.parseArgs(arguments);
            assertThat(line.getParseResult().subcommand()).as(example.group()).isNotNull();
        }
    }
}
