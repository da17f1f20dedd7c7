package io.logcourier.operations;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.s3.TargetClient;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import software.amazon.awssdk.services.s3.S3Client;

/** {@code courier audit}: exits with 0 when the books balance and nothing was given up, with 1 otherwise. */
@Command(
        name = "audit",
        description = {
            "Checks the books: seals against arrivals, arrivals against orders, orders against offsets.",
            "Exits with 1 and names what differs, or what was given up."
        })
public final class AuditCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private LaneOption lanes;

    @Option(names = "--objects", description = "read every object back: lines, bytes and checksum")
    private boolean objects;

    @Option(
            names = "--deep",
            description = "with --objects: also render the rows that ClickHouse still has again, and compare the bytes")
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
            if (!audit(lane, settings.lanes().size() > 1)) {
                code.set(1);
            }
        });
        return code.get();
    }

    private boolean audit(Settings settings, boolean isNamed) {
        AuditReport report;
        try (ClickHouse clickHouse = ClickHouse.connect(settings.lane().endpoint())) {
            report = objects ? withObjects(clickHouse, settings) : new Audit(clickHouse, settings.lane()).report();
        }
        Output.print(
                spec,
                json,
                report,
                plain -> (isNamed ? "lane %s%n%n".formatted(plain.lane()) : "") + plain.text() + verdict(plain));
        return report.isWell();
    }

    private AuditReport withObjects(ClickHouse clickHouse, Settings settings) {
        Audit audit = new Audit(clickHouse, settings.lane());
        try (S3Client s3 = TargetClient.of(settings);
                Progress progress =
                        Progress.of("audit", " bytes", audit.balance().bytes())) {
            return audit.report(s3, false, deep, progress::by);
        }
    }

    private static String verdict(AuditReport report) {
        return "%n%n%s"
                .formatted(
                        report.isWell()
                                ? "The books balance."
                                : "%,d differences, %,d objects missing, %,d orders given up, %,d rows lost."
                                        .formatted(
                                                report.differences().size(),
                                                report.missing().size(),
                                                report.refused().size(),
                                                report.balance().lost()));
    }
}
