package io.logcourier.operations;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.logging.Quantity;
import io.logcourier.operations.Repair.Repaired;
import io.logcourier.s3.TargetClient;
import java.time.Duration;
import java.util.List;
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
            "Without --apply it shows what it would do and changes nothing. Stop the schedule and the workers first.",
            "Exits with 1 if targets could not be read, or the ledger counts rows as delivered that are in no object and"
                    + " nothing tells why."
        })
public final class RepairCommand implements Callable<Integer> {
    private static final int SHOWN = 20;

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

    @Option(names = "--force", description = "also replace a ledger that nothing is wrong with")
    private boolean force;

    @Option(
            names = "--hold-back",
            description =
                    "where targets cannot be read: count their rows as delivered, until they can be read and this is run again with --force")
    private boolean holdBack;

    @Option(names = "--json", description = "print what was found and done as one JSON object")
    private boolean json;

    @Override
    public Integer call() {
        Settings settings = lanes.one(SettingsFlags.read(spec.commandLine().getParseResult()));
        try (ClickHouse clickHouse = ClickHouse.connect(settings.lane().endpoint());
                S3Client s3 = TargetClient.of(settings);
                Progress progress = Progress.of("objects", " bytes", -1)) {
            Repair repair = new Repair(clickHouse, settings);
            repair = force ? repair.forced() : repair;
            repair = holdBack ? repair.holdingBack() : repair;
            Repaired repaired = repair.repair(apply, quiet, s3, progress::by);
            Output.print(spec, json, repaired, RepairCommand::text);
            return repaired.isClear() ? 0 : 1;
        }
    }

    /** What was found, for people. */
    static String text(Repaired repaired) {
        return """
                lane %s: %s%s
                %,14d %s in the log table
                %,14d of them are in an object: they count as delivered
                %,14d are in none: %s
                %,14d are in none and have no bucket or no target, or a rule keeps them out
                %,14d %s read, with %s, %,d of which are no records%s%s%s%s%s""".formatted(
                        repaired.lane(),
                        state(repaired),
                        lines(repaired.reasons(), "left alone: "),
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
                        repaired.contradicted() == 0
                                ? ""
                                : "%n%,14d rows are in no object, and the former ledger counts them as delivered: their objects are gone or hold other lines, or their numbers were used twice"
                                        .formatted(repaired.contradicted()),
                        repaired.unjudged() == 0
                                ? ""
                                : "%n%,14d rows may be in an object that was not read: they count as delivered until repair --apply --force can read it"
                                        .formatted(repaired.unjudged()),
                        lines(repaired.refused(), "not read: "),
                        lines(repaired.skipped(), "not read, and no order names it: "),
                        repaired.former()
                                .map("%nThe former ledger is in the database %s."::formatted)
                                .orElse(""));
    }

    private static String state(Repaired repaired) {
        if (repaired.applied()) {
            return "the ledger was made anew";
        }
        return repaired.needed()
                ? "nothing was changed; with --apply the ledger is made anew"
                : "nothing to do: the books balance, and no rows were left alone";
    }

    private static String lines(List<String> texts, String before) {
        return texts.stream()
                        .limit(SHOWN)
                        .map(text -> "%n%s%s".formatted(before, text))
                        .collect(Collectors.joining())
                + (texts.size() > SHOWN ? "%n%s%,d more".formatted(before, texts.size() - SHOWN) : "");
    }
}
