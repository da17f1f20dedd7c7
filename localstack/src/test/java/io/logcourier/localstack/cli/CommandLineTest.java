package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ConfigurationException;
import io.logcourier.configuration.Settings;
import io.logcourier.localstack.Version;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class CommandLineTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final CommandLine line =
            Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));

    @Test
    void helpOfEveryCommandNamesEveryOption() {
        assertThat(line.execute("--help")).isZero();
        assertThat(out.toString()).contains(line.getSubcommands().keySet());
        line.getSubcommands().forEach((name, command) -> {
            out.getBuffer().setLength(0);
            assertThat(line.execute(name, "--help")).as(name).isZero();
            assertThat(out.toString())
                    .as(name)
                    .contains(command.getCommandSpec().options().stream()
                            .filter(option -> !option.hidden())
                            .map(OptionSpec::longestName)
                            .toList());
        });
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void theVersionIsThatOfTheBuild() {
        assertThat(Version.ours()).matches("\\d+\\.\\d+\\.\\d+(-SNAPSHOT)?");
    }

    /** Neither a ClickHouse nor who may ask it is needed to read the DDL. */
    @Test
    void theSchemaIsPrintedWithoutAskingAnybody() {
        assertThat(line.execute("schema", "--clickhouse-url=http://127.0.0.1:1", "--clickhouse-authentication=bearer"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString()).contains("CREATE TABLE IF NOT EXISTS courier.epochs");
    }

    /** What is not given follows from the settings. */
    @Test
    void theTableOfATargetIsPrintedWithoutAskingAnybody() {
        assertThat(line.execute(
                        "ddl",
                        "athena",
                        "--bucket=cat-logs",
                        "--source-bucket=cats",
                        "--delivery-forms=cat-*=event-time parquet",
                        "--delivery-account-id=123456789012",
                        "--delivery-source-region=cats=eu-west-3,us-east-1"))
                .as(err.toString())
                .isZero();
        assertThat(out.toString())
                .contains("STORED AS PARQUET")
                .contains("'s3://cat-logs/123456789012/eu-west-3/${sourcebucket}/${day}/'");
    }

    @Test
    void aTableOfSeveralRegionsAsksForOne() {
        assertThat(line.execute(
                        "ddl",
                        "athena",
                        "--bucket=logs",
                        "--keys=delivery-time",
                        "--account=123456789012",
                        "--delivery-source-region=cats=eu-west-3,us-east-1"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--region is needed").contains("eu-west-3, us-east-1");
        assertThat(out.toString()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "demo --nope",
                "demo --rows=many",
                "demo --rows=-1",
                "demo --buckets=0",
                "up --every=5x",
                "up --every=0s",
                "up --only=s3",
                "up --s3-port=ninety",
                "up --bucket=A_B",
                "load file --from-line=0",
                "bench no-case",
                "bench --scale=0",
                "bench --duration=soon",
                "bench --rate=0",
                "status --top=-1",
                "looker --target-bucket=a --n-streams=0",
                "looker --target-bucket=a --run-id=A_B",
                "looker --verify-run=nowhere",
                "looker --target-bucket=a --max-delay=soon",
                "tick --clickhouse-url=elsewhere",
                "tick --queue-url",
                "audit --worker-uploads=0",
                "audit --discovery-time-threshold=soon",
                "ddl athena --bucket=A!!",
                "ddl athena --bucket=logs --form=xml",
                "ddl athena --bucket=logs --keys=nested",
                "ddl athena --bucket=logs --keys=event-time --account=12",
                "ddl athena --bucket=logs --prefix=it's",
                "ddl athena --bucket=logs --table=1st",
                "ddl athena --bucket=logs --since=soon",
                "nope"
            })
    void whatCannotBeMeantIsRefusedWithTheOptionNamed(String arguments) {
        String[] words = arguments.split(" ", -1);
        assertThat(line.execute(words)).isEqualTo(2);
        assertThat(out.toString()).isEmpty();
        String[] last = words[words.length - 1].split("=", 2);
        String message = err.toString().lines().findFirst().orElseThrow();
        // Settings are named as in the table of them: clickhouse.url.
        assertThat(message.replace('.', '-')).contains(last[0].replaceFirst("^--", ""));
        assertThat(message).contains(last.length == 2 ? last[1] : "");
        assertThat(err.toString()).doesNotContain("\tat ");
    }

    @Test
    void noWorkerMayRunLongerThanOrdersWaitThatLostRows() {
        assertThatThrownBy(() -> WorkCommand.mapping(Settings.read(
                        Map.of("queue.url", "http://localhost:1/orders", "worker.supersede-after", "1m"), Map.of())))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("worker.supersede-after is 60s");
    }

    @Test
    void aWrongFlagIsAnsweredWithWhatMayBeMeantAndWhereTheHelpIs() {
        assertThat(line.execute("audit", "--clickhouse-ur=x")).isEqualTo(2);
        assertThat(err.toString().lines())
                .satisfiesExactly(
                        text -> assertThat(text).isEqualTo("courier: Unknown option: '--clickhouse-ur=x'"),
                        text -> assertThat(text).contains("--clickhouse-url"),
                        text -> assertThat(text).isEqualTo("see courier audit --help"));
    }

    @Test
    void aloneItHelpsAndIsNoSuccess() {
        assertThat(line.execute()).isEqualTo(2);
        assertThat(err.toString()).contains("Usage: courier", "demo ", "Exit codes:");
        assertThat(out.toString()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"help", "help audit", "audit --help", "audit -h"})
    void whoAsksForHelpGetsIt(String arguments) {
        assertThat(line.execute(arguments.split(" "))).isZero();
        assertThat(out.toString()).startsWith("Usage: courier").contains("Examples:");
    }

    @Test
    void aWrongCommandIsAnsweredWithThoseThatMayBeMeant() {
        assertThat(line.execute("staus")).isEqualTo(2);
        assertThat(err.toString().lines())
                .satisfiesExactly(
                        text -> assertThat(text).isEqualTo("courier: there is no command 'staus'"),
                        text -> assertThat(text).contains("courier status"),
                        text -> assertThat(text).isEqualTo("see courier --help"));
    }

    /** Its own options, then settings that it reads, each with its variable, then examples that can be typed. */
    @Test
    void theHelpOfACommandIsAboutThatCommand() {
        line.getSubcommands().forEach((name, command) -> {
            if (name.equals("help") || name.equals("generate-completion")) {
                return;
            }
            String help = command.getUsageMessage();
            assertThat(help.lines()).as(name).allSatisfy(text -> assertThat(text)
                    .hasSizeLessThanOrEqualTo(80));
            assertThat(help.indexOf("--help")).as(name).isLessThan(help.indexOf("--config-file"));
            String[] examples = command.getCommandSpec().usageMessage().footer();
            assertThat(examples).as(name).isNotEmpty();
            for (String example : examples) {
                assertThat(example).startsWith("  courier " + name);
                Main.commandLine()
                        .parseArgs(
                                example.strip().substring("courier ".length()).split(" "));
            }
        });
        String status = line.getSubcommands().get("status").getUsageMessage();
        assertThat(status)
                .contains("--clickhouse-url", "LOG_COURIER_CLICKHOUSE_URL", "--discovery-time-threshold")
                .doesNotContain("--s3-", "--worker-", "--queue-");
    }

    @Test
    void aSettingThatACommandDoesNotReadIsTakenAllTheSame() {
        assertThat(line.execute("schema", "--worker-uploads=3"))
                .as(err.toString())
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"demo", "up", "bench"})
    void whatTheEmbeddedStackSetsItselfIsNoFlag(String command) {
        assertThat(line.execute(command, "--clickhouse-url=http://clickhouse.example:8123"))
                .isEqualTo(2);
        assertThat(err.toString()).startsWith("courier: Unknown option: '--clickhouse-url=");
    }
}
