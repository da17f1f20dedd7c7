package io.logcourier.operations;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.logging.Quantity;
import io.logcourier.operations.Repair.Repaired;
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

/** {@code courier repair}. */
@Command(
        name = "repair",
        footer = {"  courier repair", "  courier repair --apply"},
        description = {
            "Makes the ledger anew by the rows in the log table and the log objects in the targets: rows that are in an"
                    + " object count as delivered, all others are delivered. For when parts were restored or attached, or"
                    + " the ledger is damaged. The former ledger is kept under another name.",
            "Without --apply it shows what it would do and changes nothing. Stop the schedule and the workers first."
        })
public final class RepairCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private LaneOption lanes;

    @Option(names = "--apply", description = "put the new ledger in the place of the former one")
    private boolean apply;

    @Option(
            names = "--quiet",
            paramLabel = "TIME",
            defaultValue = "15m",
            converter = Seconds.class,
            description =
                    "how long nobody must have written in the ledger while orders are open, which tells that the workers were stopped: 15m by default")
    private Duration quiet;

    @Option(names = "--json", description = "print what was found and done as one JSON object")
    private boolean json;

    @Override
    public Integer call() {
        Settings settings = lanes.one(SettingsFlags.read(spec.commandLine().getParseResult()));
        try (ClickHouse clickHouse = ClickHouse.connect(settings.lane().endpoint());
                S3Client s3 = TargetClient.of(settings);
                Progress progress = Progress.of("objects", " bytes", -1)) {
            Repaired repaired = new Repair(clickHouse, settings).repair(apply, quiet, s3, progress::by);
            Output.print(spec, json, repaired, RepairCommand::text);
            return 0;
        }
    }

    private static String text(Repaired repaired) {
        return """
                lane %s: %s%s
                %,14d %s in the log table
                %,14d of them are in an object: they count as delivered
                %,14d are in none: %s
                %,14d are in none and have no bucket or no target, or a rule keeps them out
                %,14d %s read, with %s, %,d of which are no records%s""".formatted(
                        repaired.lane(),
                        repaired.applied()
                                ? "the ledger was made anew"
                                : "nothing was changed; with --apply the ledger is made anew",
                        repaired.reasons().stream()
                                .map(reason -> "%nleft alone: %s".formatted(reason))
                                .collect(Collectors.joining()),
                        repaired.present(),
                        repaired.present() == 1 ? "row is" : "rows are",
                        repaired.inObjects(),
                        repaired.remaining(),
                        repaired.applied()
                                ? "the next ticks and workers deliver them"
                                : "they would be delivered by the next ticks and workers",
                        repaired.undeliverable(),
                        repaired.objects(),
                        repaired.objects() == 1 ? "object was" : "objects were",
                        Quantity.of(repaired.lines(), "line"),
                        repaired.unreadable(),
                        repaired.former()
                                .map("%nThe former ledger is in the database %s."::formatted)
                                .orElse(""));
    }
}
