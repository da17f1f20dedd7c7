package io.logcourier.localstack.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.configuration.Setting;
import java.util.List;
import org.junit.jupiter.api.Test;

class UsesTest {
    @Test
    void aCommandUsesAreasAndSingleSettings() {
        assertThat(Uses.isUsed("status", "clickhouse.url")).isTrue();
        assertThat(Uses.isUsed("status", "discovery.time-threshold")).isTrue();
        assertThat(Uses.isUsed("status", "discovery.epoch-limit")).isFalse();
        assertThat(Uses.isUsed("status", "clickhouse.log-retention")).isFalse();
        assertThat(Uses.isUsed("schema", "clickhouse.log-retention")).isTrue();
    }

    @Test
    void ofACommandThatIsNotKnownNothingIsHidden() {
        assertThat(Uses.isUsed("one-of-tomorrow", "worker.uploads")).isTrue();
    }

    /** The audit on a schedule is a function, and reads its settings from variables only. */
    @Test
    void everySettingIsInTheHelpOfSomeCommand() {
        List<String> commands = List.copyOf(Main.commandLine().getSubcommands().keySet());
        assertThat(Setting.all().stream().map(Setting::name).filter(setting -> commands.stream()
                        .filter(command ->
                                !List.of("help", "generate-completion").contains(command))
                        .noneMatch(command -> Uses.isUsed(command, setting))))
                .containsExactlyInAnyOrder("audit.objects-within", "audit.schedule");
    }
}
