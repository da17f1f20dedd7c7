package io.logcourier.operations;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.operations.Adoption.Adopted;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code courier adopt}. */
@Command(
        name = "adopt",
        description = {
            "Starts the ledger where an incumbent has delivered rows so far: takes its table of offsets, counts all rows up"
                    + " to each cursor as delivered, and leaves the others to discovery. Stop the incumbent first.",
            "Run again, it finishes what was left undone, and says what was adopted."
        })
public final class AdoptCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--quiet",
            paramLabel = "TIME",
            defaultValue = "5m",
            converter = Seconds.class,
            description =
                    "how long the table of offsets must not have been written to, which tells that the incumbent was stopped: 5m by default")
    private Duration quiet;

    @Option(names = "--json", description = "print what was adopted as one JSON object")
    private boolean json;

    @Override
    public Integer call() {
        Settings settings = SettingsFlags.read(spec.commandLine().getParseResult());
        try (ClickHouse clickHouse = ClickHouse.connect(settings.lane().endpoint())) {
            Adopted adopted = new Adoption(clickHouse, settings.lane(), settings.logRetention()).adopt(quiet);
            spec.commandLine().getOut().println(json ? ClickHouse.JSON.writeValueAsString(adopted) : text(adopted));
            return 0;
        }
    }

    private static String text(Adopted adopted) {
        return """
                lane %s: the ledger %s with the offsets of %,d sessions and buckets
                %,14d rows were in the log table
                %,14d count as delivered
                %,14d are to be delivered
                %,14d have no bucket or no target""".formatted(
                        adopted.lane(),
                        adopted.started() ? "was started" : "had been started",
                        adopted.cursors(),
                        adopted.present(),
                        adopted.adopted(),
                        adopted.remaining(),
                        adopted.undeliverable());
    }
}
