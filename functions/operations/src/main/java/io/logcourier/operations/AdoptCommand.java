package io.logcourier.operations;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.logging.Quantity;
import io.logcourier.operations.Adoption.Adopted;
import io.logcourier.operations.Adoption.Compared;
import io.logcourier.s3.TargetClient;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import software.amazon.awssdk.services.s3.S3Client;

/** {@code courier adopt}. */
@Command(
        name = "adopt",
        footer = {"  courier adopt --against-objects", "  courier adopt --lane main --json"},
        description = {
            "Starts the ledger where an incumbent has delivered rows so far: takes its table of offsets, counts all rows up"
                    + " to each cursor as delivered, and leaves the others to discovery. Stop the incumbent first.",
            "Run again, it finishes what was left undone, and says what was adopted."
        })
public final class AdoptCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private LaneOption lanes;

    @Option(
            names = "--quiet",
            paramLabel = "TIME",
            defaultValue = "5m",
            converter = Seconds.class,
            description =
                    "how long the table of offsets must not have been written to, which tells that the incumbent was stopped: 5m by default")
    private Duration quiet;

    @Option(
            names = "--against-objects",
            description =
                    "read the incumbent's log objects that are still in the targets: rows up to a cursor that are in none are delivered too, rows beyond it that are in one are not")
    private boolean againstObjects;

    @Option(names = "--json", description = "print what was adopted as one JSON object")
    private boolean json;

    @Override
    public Integer call() {
        Settings settings = lanes.one(SettingsFlags.read(spec.commandLine().getParseResult()));
        try (ClickHouse clickHouse = ClickHouse.connect(settings.lane().endpoint())) {
            Adoption adoption = new Adoption(clickHouse, settings);
            Adopted adopted = againstObjects ? againstObjects(adoption, settings) : adoption.adopt(quiet);
            Output.print(spec, json, adopted, AdoptCommand::text);
            return 0;
        }
    }

    private Adopted againstObjects(Adoption adoption, Settings settings) {
        try (S3Client s3 = TargetClient.of(settings);
                Progress progress = Progress.of("objects", " bytes", -1)) {
            return adoption.adoptAgainstObjects(quiet, s3, progress::by);
        }
    }

    private static String text(Adopted adopted) {
        return """
                lane %s: the ledger %s with the offsets of %s
                %,14d %s in the log table
                %,14d count as delivered, of these %,d in objects that the incumbent did not remember
                %,14d are to be delivered, or cannot be, of these %,d that the incumbent passed over
                %,14d cannot be: they have no bucket or no target, or a rule keeps them out%s""".formatted(
                        adopted.lane(),
                        adopted.started() ? "was started" : "had been started",
                        Quantity.of(adopted.cursors(), "session and bucket", "sessions and buckets"),
                        adopted.present(),
                        adopted.present() == 1 ? "row was" : "rows were",
                        adopted.adopted(),
                        adopted.ahead(),
                        adopted.remaining() + adopted.undeliverable(),
                        adopted.recovered(),
                        adopted.undeliverable(),
                        adopted.compared().map(AdoptCommand::text).orElse(""));
    }

    private static String text(Compared compared) {
        return """

                %,14d %s read, with %s, %,d of which are no records
                %,14d rows are in none and count as delivered by the cursors alone: nothing so old is left of their buckets, or their target was not read%s""".formatted(
                        compared.objects(),
                        compared.objects() == 1 ? "object of the incumbent was" : "objects of the incumbent were",
                        Quantity.of(compared.lines(), "line"),
                        compared.unreadable(),
                        compared.unjudged(),
                        compared.refused().stream()
                                .map(refused -> "%nnot read: %s".formatted(refused))
                                .collect(Collectors.joining()));
    }
}
