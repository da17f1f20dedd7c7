package io.logcourier.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

class SettingsFlagsTest {
    @Test
    void helpHasTheOwnOptionsThenTheSettingsThatAreUsedAndTheOthersAreTaken() {
        CommandSpec command = CommandSpec.create()
                .name("some")
                .addOption(OptionSpec.builder("--own").description("its own").build());
        SettingsFlags.addTo(command, Set.of("queue.url"), setting -> setting.startsWith("discovery.count"));
        CommandLine line = new CommandLine(command);

        assertThat(line.getUsageMessage()).isEqualTo("""
                        Usage: some [OPTIONS]
                              --own                its own

                        Settings: flag, variable and default of each
                          --config-file  LOG_COURIER_CONFIG_FILE
                              YAML file with settings

                        Which rows are due
                          --discovery-count-threshold  LOG_COURIER_DISCOVERY_COUNT_THRESHOLD  (10000)
                              a group with so many pending rows is due
                        """);
        assertThat(SettingsFlags.given(line.parseArgs("--discovery-count-threshold=7", "--s3-acl=private")))
                .containsOnlyKeys("discovery.count-threshold", "s3.acl");
        assertThat(line.isUnmatchedArgumentsAllowed()).isFalse();
        assertThat(line.getCommandSpec().findOption("--queue-url")).isNull();
    }

    @Test
    void longTextIsWrappedBetweenWords() {
        assertThat(SettingsFlags.wrapped("    ", "one two three a-word-that-is-longer-than-the-line four", 16))
                .isEqualTo("    one two\n    three\n    a-word-that-is-longer-than-the-line\n    four\n");
    }
}
