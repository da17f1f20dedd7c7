package io.logcourier.operations;

import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.schema.Schema;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code courier schema}. */
@Command(
        name = "schema",
        footer = {"  courier schema", "  courier schema --apply", "  courier schema --apply --adopt all"},
        description = {
            "Prints the DDL of the log tables and the ledger, or applies it and starts the ledger.",
            "Applying it again changes nothing."
        })
public final class SchemaCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private LaneOption lanes;

    @Option(names = "--apply", description = "make what is missing, and start the ledger")
    private boolean apply;

    @Option(
            names = "--adopt",
            paramLabel = "all",
            description = "start the ledger so that every row present counts as delivered; without it none does")
    private Adopt adopt;

    @Option(
            names = "--ledger-version",
            paramLabel = "N",
            description = "with --apply: bring the ledger to this version instead, back for an older log-courier")
    private Integer ledgerVersion;

    @Option(
            names = "--cluster",
            paramLabel = "NAME",
            description =
                    "for a cluster: replicated tables on all its shards, and a Distributed one for people's queries;"
                            + " clickhouse.url has a lane for each shard")
    private String cluster;

    /** What counts as delivered when the ledger starts. */
    enum Adopt {
        /** Everything that is in the log table. */
        all
    }

    @Override
    public Integer call() {
        Settings settings = SettingsFlags.read(spec.commandLine().getParseResult());
        PrintWriter out = spec.commandLine().getOut();
        if (ledgerVersion != null && (!apply || adopt != null)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--ledger-version changes a ledger that is there: --apply goes with it, --adopt does not");
        }
        if (!apply) {
            // The same for all lanes.
            Settings any = lanes.each(settings).getFirst();
            out.println(schema(any).text());
            return 0;
        }
        lanes.forEach(settings, lane -> {
            try (ClickHouse clickHouse = ClickHouse.connect(lane.lane().endpoint())) {
                Schema schema = schema(lane);
                String name = lane.lane().name();
                if (ledgerVersion != null) {
                    schema.changeTo(clickHouse, ledgerVersion);
                    out.println("lane %s: the ledger has version %d".formatted(name, ledgerVersion));
                } else {
                    boolean started = schema.apply(clickHouse, adopt == Adopt.all);
                    new AccessLogTable(clickHouse, lane.lane()).check(lane.leastRetention());
                    out.println("lane %s: the schema is there, the ledger %s"
                            .formatted(name, started ? "was started" : "goes on"));
                }
                out.flush();
            }
        });
        return 0;
    }

    private Schema schema(Settings settings) {
        return new Schema(settings.lane(), settings.logRetention(), Optional.ofNullable(cluster));
    }
}
