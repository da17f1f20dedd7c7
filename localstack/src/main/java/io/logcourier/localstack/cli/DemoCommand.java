package io.logcourier.localstack.cli;

import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.discovery.DiscoveryHandler;
import io.logcourier.ledger.Lane;
import io.logcourier.localstack.GeneratedRows;
import io.logcourier.localstack.LaptopStack;
import io.logcourier.localstack.LaptopStack.Layout;
import io.logcourier.localstack.lambda.Ticks;
import io.logcourier.localstack.sqs.EventSource;
import io.logcourier.logging.Plain;
import io.logcourier.logging.Quantity;
import io.logcourier.message.Tick;
import io.logcourier.operations.Audit;
import io.logcourier.operations.AuditReport;
import io.logcourier.operations.Balance;
import io.logcourier.operations.LoadOptions;
import io.logcourier.operations.Loader;
import io.logcourier.operations.Output;
import io.logcourier.operations.Progress;
import io.logcourier.operations.SettingsFlags;
import io.logcourier.operations.Terminal;
import io.logcourier.operations.input.InputSheet;
import io.logcourier.s3.BucketName;
import io.logcourier.worker.WorkerHandler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.sqs.SqsClient;

/** {@code courier demo}: the main job on the laptop stack, start to end. */
@Command(
        name = "demo",
        footer = {
            "  courier demo",
            "  courier demo --rows 1000000 --buckets 200 --data demo-data",
            "  courier demo --input access.ndjson.gz"
        },
        description = {
            "Loads access logs into an embedded ClickHouse, delivers them into an embedded S3, and audits the result.",
            "Exits with 0 only if every row is in exactly one object, internal traffic apart."
        })
final class DemoCommand implements Callable<Integer> {
    private static final Logger log = LoggerFactory.getLogger(DemoCommand.class);

    private static final Duration PATIENCE = Duration.ofHours(1);
    /** It shows progress bars instead of lines. */
    private static final Map<String, String> QUIET = Map.of("log.level", "warn");

    private static final Duration GLANCE = Duration.ofMillis(200);

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--input",
            paramLabel = "FILE",
            description = "access logs as JSON lines, plain or .gz; without it rows are made")
    private Path input;

    @Option(
            names = "--rows",
            paramLabel = "N",
            defaultValue = "100000",
            description = "rows to make; default: ${DEFAULT-VALUE}")
    private long rows;

    @Option(
            names = "--buckets",
            paramLabel = "N",
            defaultValue = "50",
            description = "buckets to make; default: ${DEFAULT-VALUE}")
    private int buckets;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "of the rows; default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "keep everything here and go on from what is here; without it only the objects stay, until the next demo")
    private Path data;

    @Mixin
    private LoadOptions options;

    @Option(names = "--json", description = "print the report as one JSON object")
    private boolean json;

    /**
     * What became of the rows: the answer of {@code demo --json}.
     *
     * @param found rows from earlier runs
     * @param loaded rows of this run
     * @param input what these rows were
     * @param delivered whether every row is in exactly one object, internal traffic apart
     * @param report the audit's
     * @param objects the folder that holds a folder per bucket
     * @param seconds what each stage took
     */
    record Demonstration(
            long found,
            long loaded,
            InputSheet input,
            boolean delivered,
            AuditReport report,
            String objects,
            Map<String, Double> seconds) {}

    private final Map<String, Duration> stages = Collections.synchronizedMap(new LinkedHashMap<>());

    @Override
    public Integer call() throws Exception {
        if (rows < 0 || buckets < 1) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--rows %d --buckets %d: no row less than none, and one bucket at least".formatted(rows, buckets));
        }
        if (input != null && (Files.isDirectory(input) || !Files.isReadable(input))) {
            throw new ParameterException(spec.commandLine(), "--input " + input + " is no file that can be read");
        }
        if (data == null) {
            LaptopStack.clearTemporary();
        }
        if (Terminal.STDERR.isWatched()) {
            spec.commandLine().getErr().println("starting ClickHouse, S3 and SQS on this machine, some seconds");
        }
        long began = System.nanoTime();
        ParseResult parsed = spec.commandLine().getParseResult();
        try (LaptopStack stack = LaptopStack.start(
                Layout.of(Optional.ofNullable(data)),
                SettingsFlags.given(parsed),
                SettingsFlags.environment(parsed),
                QUIET)) {
            stages.put("start", Duration.ofNanos(System.nanoTime() - began));
            try (ClickHouse clickHouse = stack.clickHouse();
                    S3Client s3 = stack.s3()) {
                Lane lane = stack.settings().lane();
                Audit audit = new Audit(clickHouse, stack.settings());
                long before = audit.balance().stored();
                InputSheet loaded = timed("load", () -> load(clickHouse, lane));
                makeTargets(stack, clickHouse, lane);
                deliver(stack, audit);
                AuditReport report = timed("audit", () -> audit(audit, s3, stack.settings()));
                print(stack, report, before, loaded);
                return isDelivered(report, before, loaded) ? 0 : 1;
            }
        } catch (RuntimeException e) {
            if (Signals.isStopping()) {
                log.debug("stopped", e);
                return 1;
            }
            throw e;
        }
    }

    private <T> T timed(String stage, Callable<T> work) throws Exception {
        long began = System.nanoTime();
        T result = work.call();
        stages.put(stage, Duration.ofNanos(System.nanoTime() - began));
        return result;
    }

    private InputSheet load(ClickHouse clickHouse, Lane lane) throws IOException {
        Loader loader = new Loader(clickHouse, lane, options.loader());
        if (input == null) {
            try (Progress progress = Progress.of("load", " rows", rows)) {
                return loader.load("made rows", new GeneratedRows(rows, buckets, seed), progress::at);
            }
        }
        try (Progress progress = Progress.of("load", input);
                InputStream lines = Loader.open(input, progress)) {
            return loader.load(input.toString(), lines, done -> {});
        }
    }

    /** The demo's customers have made the buckets that they want their logs in. */
    private static void makeTargets(LaptopStack stack, ClickHouse clickHouse, Lane lane) {
        record Target(String bucket) {}
        Statement targets = Statement.resource(DemoCommand.class, "target-buckets.sql")
                .with("logs", lane.logs())
                .with("table", lane.table())
                .with("bucket_name", BucketName.PATTERN);
        for (Target target : clickHouse.list(targets, Target.class)) {
            try {
                stack.makeBucket(target.bucket());
            } catch (S3Exception | IllegalArgumentException e) {
                // The latter is the client's: new buckets have a narrower rule than those that are there.
                log.warn(
                        "cannot make the target bucket '{}', its orders will be given up: {}",
                        target.bucket(),
                        e.getMessage());
            }
        }
    }

    /** Discovers and delivers side by side, as the two functions do. */
    private void deliver(LaptopStack stack, Audit audit) throws Exception {
        try (SqsClient sqs = stack.sqs();
                WorkerHandler worker = new WorkerHandler(stack.settings());
                DiscoveryHandler discovery = new DiscoveryHandler(stack.settings());
                EventSource source = new EventSource(sqs, WorkCommand.mapping(stack.settings()), worker);
                Progress progress = Progress.of("deliver", " rows", -1)) {
            stack.opened(() -> source.close(Signals.GRACE));
            long began = System.nanoTime();
            source.start();
            Future<?> discovered = discover(discovery, began);
            Balance balance = audit.balance();
            while (!discovered.isDone() || balance.open() > 0) {
                if (System.nanoTime() - began > PATIENCE.toNanos()) {
                    throw new RetryableException("not delivered within " + PATIENCE + ": " + balance);
                }
                Thread.sleep(GLANCE);
                balance = audit.balance();
                progress.maximum(balance.stored());
                progress.at(balance.delivered());
            }
            discovered.get();
            stages.put("deliver", Duration.ofNanos(System.nanoTime() - began));
        }
    }

    /** Ticks until a tick finds nothing to do; the first one enqueues what an earlier run left open. */
    private Future<?> discover(DiscoveryHandler discovery, long began) {
        FutureTask<Void> task = new FutureTask<>(() -> {
            boolean first = true;
            while (Ticks.tick(discovery, new Tick(Optional.empty(), true, first))
                            .epochs()
                    > 0) {
                first = false;
            }
            stages.put("discover", Duration.ofNanos(System.nanoTime() - began));
            return null;
        });
        Thread.ofVirtual().name("discover").start(task);
        return task;
    }

    private static AuditReport audit(Audit audit, S3Client s3, Settings settings) {
        try (Progress progress = Progress.of("audit", " bytes", audit.balance().bytes())) {
            return audit.reportAlone(s3, settings, false, progress::by);
        }
    }

    private void print(LaptopStack stack, AuditReport report, long before, InputSheet loaded) {
        Map<String, Double> seconds = new LinkedHashMap<>();
        stages.forEach((stage, time) -> seconds.put(stage, time.toMillis() / 1e3));
        Demonstration demonstration = new Demonstration(
                before,
                loaded.rows(),
                loaded,
                isDelivered(report, before, loaded),
                report,
                stack.objects().orElseThrow().toString(),
                seconds);
        Output.print(spec, json, demonstration, this::text);
    }

    private String text(Demonstration demonstration) {
        long before = demonstration.found();
        InputSheet loaded = demonstration.input();
        AuditReport report = demonstration.report();
        List<String> lines = new ArrayList<>();
        if (before > 0) {
            lines.add(AuditReport.line("found", before, "from earlier runs in " + Plain.value(String.valueOf(data))));
        }
        lines.add(AuditReport.line("loaded", loaded.rows(), ""));
        loaded.remarks().forEach(remark -> lines.add("    " + remark));
        lines.add(report.text(Terminal.STDOUT.size().columns()));
        lines.add("");
        lines.add("objects: " + demonstration.objects());
        if (data == null) {
            lines.add("They stay there until the next demo or up; with --data DIR everything is kept.");
        }
        lines.add("time: "
                + stages.entrySet().stream()
                        .map(stage -> stage.getKey() + " " + text(stage.getValue()))
                        .collect(Collectors.joining(", ")));
        lines.add(verdict(report, before, loaded));
        return String.join(System.lineSeparator(), lines);
    }

    private static String text(Duration duration) {
        return duration.compareTo(Duration.ofMinutes(1)) < 0
                ? "%.1f s".formatted(duration.toMillis() / 1e3)
                : "%d m %d s".formatted(duration.toMinutes(), duration.toSecondsPart());
    }

    /** In one line: whether every row that is to be is in exactly one object, or what keeps some from it. */
    static String verdict(AuditReport report, long before, InputSheet loaded) {
        if (isDelivered(report, before, loaded)) {
            Balance balance = report.balance();
            return "DELIVERED: %s in exactly one%s.%s"
                    .formatted(
                            balance.delivered() == 1
                                    ? "the row is"
                                    : "every one of %,d rows is".formatted(balance.delivered()),
                            balance.objects() == 1 ? " object" : " of %,d objects".formatted(balance.objects()),
                            loaded.internal() == 0
                                    ? ""
                                    : " Internal traffic, %s, is in none."
                                            .formatted(Quantity.of(loaded.internal(), "row")));
        }
        List<String> reasons = new ArrayList<>();
        report.undelivered().ifPresent(reasons::add);
        if (!report.differences().isEmpty()) {
            reasons.add(Quantity.of(report.differences().size(), "difference"));
        }
        if (report.objects().missing() > 0) {
            reasons.add(Quantity.of(report.objects().missing(), "object missing", "objects missing"));
        }
        if (report.objects().unread() > 0) {
            reasons.add(
                    Quantity.of(report.objects().unread(), "object or folder not read", "objects or folders not read"));
        }
        loaded.notStored().ifPresent(reasons::add);
        long stored = report.balance().stored() - before;
        if (stored != loaded.stored()) {
            reasons.add(
                    "the log table has %,d rows more, and %,d were to be stored".formatted(stored, loaded.stored()));
        }
        return "NOT DELIVERED: " + String.join("; ", reasons) + ".";
    }

    static boolean isDelivered(AuditReport report, long before, InputSheet loaded) {
        return report.isWell()
                && report.balance().isComplete()
                && loaded.arrives()
                && report.balance().stored() == before + loaded.stored();
    }
}
