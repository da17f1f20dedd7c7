package io.logcourier.operations;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.operations.Scope.Neighbour;
import io.logcourier.s3.TargetClient;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import software.amazon.awssdk.services.s3.S3Client;

/** {@code courier audit}: exits with 0 when nothing that it prints is wrong, with 1 otherwise. */
@Command(
        name = "audit",
        footer = {"  courier audit", "  courier audit --objects", "  courier audit --objects --deep --json"},
        description = {
            "Checks the books: seals against arrivals, arrivals against orders, orders against offsets.",
            "Exits with 1 and names what differs, what was given up or lost, and what is missing or could not be read."
        })
public final class AuditCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private LaneOption lanes;

    @Option(
            names = "--objects",
            description =
                    "read every object back: lines, bytes and checksum; and look for others beside them, which audit.own-targets says more about")
    private boolean objects;

    @Option(
            names = "--deep",
            description =
                    "with --objects: also render the rows that ClickHouse still has again, and compare rows and bytes")
    private boolean deep;

    @Option(names = "--json", description = "print the report as one JSON object")
    private boolean json;

    @Override
    public Integer call() {
        Settings settings = SettingsFlags.read(spec.commandLine().getParseResult());
        if (deep && !objects) {
            throw new ParameterException(spec.commandLine(), "--deep compares objects: add --objects");
        }
        AtomicInteger code = new AtomicInteger();
        lanes.forEach(settings, lane -> {
            if (!audit(lane, settings)) {
                code.set(1);
            }
        });
        return code.get();
    }

    private boolean audit(Settings settings, Settings all) {
        AuditReport report;
        try (ClickHouse clickHouse = ClickHouse.connect(settings.lane().endpoint())) {
            Audit audit = new Audit(clickHouse, settings);
            report = objects ? withObjects(audit, settings, all) : audit.report();
        }
        boolean isNamed = all.lanes().size() > 1;
        Output.print(
                spec,
                json,
                report,
                plain -> (isNamed ? "lane %s%n%n".formatted(plain.lane()) : "")
                        + plain.text(Terminal.STDOUT.size().columns())
                        + "%n%n".formatted()
                        + plain.verdict());
        return report.isWell();
    }

    private AuditReport withObjects(Audit audit, Settings settings, Settings all) {
        List<Neighbour> others = all.lanes().stream()
                .filter(lane -> !lane.equals(settings.lane()))
                .map(lane -> new Neighbour(lane, ClickHouse.connect(lane.endpoint())))
                .toList();
        try (S3Client s3 = TargetClient.of(settings);
                Progress progress =
                        Progress.of("audit", " bytes", audit.balance().bytes())) {
            return audit.report(s3, Scope.of(settings).beside(others), deep, progress::by);
        } finally {
            others.forEach(other -> other.clickHouse().close());
        }
    }
}
