package io.logcourier.localstack.cli;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.discovery.DiscoveryHandler;
import io.logcourier.ledger.Lane;
import io.logcourier.localstack.GeneratedRows;
import io.logcourier.localstack.LaptopStack;
import io.logcourier.localstack.LaptopStack.Layout;
import io.logcourier.localstack.sqs.EventSource;
import io.logcourier.message.Tick;
import io.logcourier.operations.Audit;
import io.logcourier.operations.AuditReport;
import io.logcourier.operations.Loader;
import io.logcourier.operations.SettingsFlags;
import io.logcourier.worker.WorkerHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.sqs.SqsClient;

/** {@code courier demo}: the main job on the laptop stack, start to end. */
@Command(
        name = "demo",
        description = {
            "Loads access logs into an embedded ClickHouse, delivers them into an embedded S3, and audits the result.",
            "Exits with 0 only if every row is in exactly one object."
        })
final class DemoCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofHours(1);
    private static final Duration SETTLED = Duration.ofMillis(300);
    private static final Duration GLANCE = Duration.ofMillis(200);

    @Spec
    private CommandSpec spec;

    @Option(names = "--input", paramLabel = "FILE", description = "access logs as JSON lines, plain or .gz; without it rows are made")
    private Path input;

    @Option(names = "--rows", paramLabel = "N", defaultValue = "100000", description = "rows to make; default: ${DEFAULT-VALUE}")
    private long rows;

    @Option(names = "--buckets", paramLabel = "N", defaultValue = "50", description = "buckets to make; default: ${DEFAULT-VALUE}")
    private int buckets;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "1", description = "of the rows; default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(names = "--data", paramLabel = "DIR", description = "keep everything here and go on from what is here; without it only the objects stay")
    private Path data;

    private final Map<String, Duration> stages = new LinkedHashMap<>();

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        long began = System.nanoTime();
        try (LaptopStack stack = LaptopStack.start(
                Layout.of(Optional.ofNullable(data)),
                SettingsFlags.given(spec.commandLine().getParseResult()))) {
            Shutdown.onExit(stack::close);
            stages.put("start", Duration.ofNanos(System.nanoTime() - began));
            try (ClickHouse clickHouse = stack.clickHouse();
                    S3Client s3 = stack.s3()) {
                Lane lane = stack.settings().lane();
                Audit audit = new Audit(clickHouse, lane);
                long before = audit.balance().stored();
                long loaded = timed("load", () -> load(clickHouse, lane));
                makeTargets(stack, clickHouse, lane);
                deliver(stack, audit);
                AuditReport report = timed("audit", () -> audit(audit, s3));
                print(out, stack, report, before, loaded);
                return isDelivered(report, before, loaded) ? 0 : 1;
            }
        }
    }

    private <T> T timed(String stage, Callable<T> work) throws Exception {
        long began = System.nanoTime();
        T result = work.call();
        stages.put(stage, Duration.ofNanos(System.nanoTime() - began));
        return result;
    }

    private long load(ClickHouse clickHouse, Lane lane) throws IOException {
        String name = input == null ? "made rows" : input.toString();
        try (InputStream lines = input == null ? new GeneratedRows(rows, buckets, seed) : Loader.open(input);
                Progress progress = Progress.of("load", " rows", input == null ? rows : -1)) {
            return new Loader(clickHouse, lane).load(name, lines, progress::at);
        }
    }

    /** The demo's customers have made the buckets that they want their logs in. */
    private static void makeTargets(LaptopStack stack, ClickHouse clickHouse, Lane lane) {
        record Target(String bucket) {}
        Statement targets = Statement.of(
                        """
                        SELECT DISTINCT loggingTargetBucket AS bucket
                        FROM {logs:Identifier}.{table:Identifier}
                        WHERE bucket != ''
                        """)
                .with("logs", lane.logs())
                .with("table", lane.table());
        for (Target target : clickHouse.list(targets, Target.class)) {
            try {
                stack.makeBucket(target.bucket());
            } catch (S3Exception e) {
                log.warn("cannot make the target bucket '{}', its orders will be given up: {}", target.bucket(), e.getMessage());
            }
        }
    }

    /** Discovers and delivers side by side, as the two functions do. */
    private void deliver(LaptopStack stack, Audit audit) throws Exception {
        try (SqsClient sqs = stack.sqs();
                WorkerHandler worker = new WorkerHandler(stack.settings());
                DiscoveryHandler discovery = new DiscoveryHandler(stack.settings());
                EventSource source = new EventSource(sqs, WorkCommand.mapping(stack.settings()), worker);
                Progress progress = Progress.of("deliver", " rows", -1);
                Watch watch = new Watch(audit, progress)) {
            source.start();
            long began = System.nanoTime();
            TickCommand.run(discovery, new Tick(Optional.empty(), true, true));
            stages.put("discover", Duration.ofNanos(System.nanoTime() - began));
            while (audit.balance().open() > 0) {
                Thread.sleep(GLANCE);
            }
            stages.put("discover and deliver", Duration.ofNanos(System.nanoTime() - began));
        }
    }
}
