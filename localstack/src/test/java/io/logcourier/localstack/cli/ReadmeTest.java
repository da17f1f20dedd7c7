package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Setting;
import io.logcourier.localstack.bench.BenchCommand;
import io.logcourier.localstack.lambda.Ticks;
import io.logcourier.looker.Report;
import io.logcourier.operations.Adoption;
import io.logcourier.operations.AuditReport;
import io.logcourier.operations.LoadCommand;
import io.logcourier.operations.RedriveCommand;
import io.logcourier.operations.Repair;
import io.logcourier.operations.ReplayCommand;
import io.logcourier.operations.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What the README and the page of answers say of settings and commands is what the code has. */
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
    void thePageOfFiguresHasThoseOfEveryCase() throws IOException {
        List<String> page = Files.readAllLines(Path.of("..", "docs", "performance.md"));
        List<String> cases = page.stream()
                .map(COMMAND::matcher)
                .filter(Matcher::matches)
                .map(row -> row.group(1))
                .toList();
        String headings =
                page.stream().filter(line -> line.startsWith("| figure ")).collect(Collectors.joining());

        assertThat(cases).hasSize(7).allSatisfy(name -> assertThat(headings).containsPattern("[|] +" + name));
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

    /** The report of the page of answers, with as many objects. */
    @Test
    void theVerdictOfTheFirstHourIsOneThatAnAuditGives() throws IOException {
        Matcher shown = Pattern.compile("(?m)^ {4}(The books balance, and all ([0-9]+) objects .*)$")
                .matcher(Files.readString(README));
        assertThat(shown.find()).isTrue();
        int objects = Integer.parseInt(shown.group(2));
        ObjectNode report = (ObjectNode) documented("demo", ClickHouse.JSON).get("report");
        ((ObjectNode) report.get("objects")).put("due", objects).put("read", objects);

        assertThat(ClickHouse.JSON.treeToValue(report, AuditReport.class).verdict())
                .isEqualTo(shown.group(1));
    }

    private static JsonNode documented(String command, JsonMapper json) throws IOException {
        Matcher example = Pattern.compile("(?m)^`" + command + "[ `][^{]*((?:\n {4}.*)+)")
                .matcher(Files.readString(Path.of("..", "docs", "commands.md")));
        assertThat(example.find()).as(command).isTrue();
        return json.readTree(example.group(1));
    }

    @ParameterizedTest
    @MethodSource
    void everyAnswerIsDocumentedAsItIsPrinted(String command, Class<?> answer) throws IOException {
        JsonMapper json = command.equals("up") ? new JsonMapper() : ClickHouse.JSON;

        JsonNode documented = documented(command, json);

        assertThat(documented.toString()).isEqualTo(json.writeValueAsString(json.treeToValue(documented, answer)));
    }

    static Stream<Arguments> everyAnswerIsDocumentedAsItIsPrinted() {
        return Stream.of(
                arguments("up", UpCommand.Ready.class),
                arguments("load", LoadCommand.Loaded.class),
                arguments("tick", Ticks.Answer.class),
                arguments("work", WorkCommand.Worked.class),
                arguments("status", Status.class),
                arguments("audit", AuditReport.class),
                arguments("adopt", Adoption.Adopted.class),
                arguments("repair", Repair.Repaired.class),
                arguments("replay", ReplayCommand.Replay.class),
                arguments("redrive", RedriveCommand.Redriven.class),
                arguments("demo", DemoCommand.Demonstration.class),
                arguments("looker", Report.class),
                arguments("bench", BenchCommand.ANSWER));
    }
}
