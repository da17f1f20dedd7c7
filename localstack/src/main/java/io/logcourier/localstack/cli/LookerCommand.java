package io.logcourier.localstack.cli;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.logging.Plain;
import io.logcourier.looker.AccessLogStore;
import io.logcourier.looker.Looker;
import io.logcourier.looker.Plan;
import io.logcourier.looker.Plan.Reading;
import io.logcourier.looker.Plan.Time;
import io.logcourier.looker.Plan.Which;
import io.logcourier.looker.Plan.Writing;
import io.logcourier.looker.Report;
import io.logcourier.looker.Run;
import io.logcourier.looker.Run.Compressibility;
import io.logcourier.looker.Run.Shape;
import io.logcourier.looker.Ticker;
import io.logcourier.operations.LaneOption;
import io.logcourier.operations.Output;
import io.logcourier.operations.Progress;
import io.logcourier.operations.Seconds;
import io.logcourier.operations.SettingsFlags;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;

/** {@code courier looker}: exits with 0 when every entry is right and in time, with 1 otherwise. */
@Command(
        name = "looker",
        footer = "  courier looker --target-bucket access-logs",
        description = {
            "Writes log entries as a shipper does, waits, reads the log objects back, and compares every entry.",
            "Says exactly what is wrong, and leaves a report that --verify-run reads, today or later."
        })
final class LookerCommand implements Callable<Integer> {
    private static final int UNREACHABLE = 3;
    private static final int INTERRUPTED = 130;
    private static final int REFRESH_MILLIS = 250;
    private static final double MILLION = 1e6;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuuMMdd't'HHmmss").withZone(ZoneOffset.UTC);

    @Spec
    private CommandSpec spec;

    @Mixin
    private LaneOption lanes;

    @Option(
            names = "--target-bucket",
            paramLabel = "NAME",
            description = "where the log objects of the entries appear; may be repeated, streams take them in turn")
    private List<String> targetBuckets = List.of();

    @Option(
            names = "--target-prefix",
            paramLabel = "PREFIX",
            defaultValue = "looker/",
            description = "what their keys begin with; default: ${DEFAULT-VALUE}")
    private String targetPrefix;

    @Option(
            names = "--n-streams",
            paramLabel = "N",
            defaultValue = "4",
            description = "source buckets written at once; they need not exist; default: ${DEFAULT-VALUE}")
    private int streams;

    @Option(
            names = "--n-entries-per-stream-fragment",
            paramLabel = "N",
            defaultValue = "1000",
            description = "entries of an INSERT; default: ${DEFAULT-VALUE}")
    private int fragment;

    @Option(
            names = "--cycle-stop-write-after-n-fragments",
            paramLabel = "N",
            description = "a cycle stops writing a stream after these; default: 10, if no seconds are given")
    private Integer fragments;

    @Option(
            names = "--cycle-stop-write-after-n-seconds",
            paramLabel = "N",
            defaultValue = "0",
            description = "a cycle stops writing after these; 0: not for that")
    private int seconds;

    @Option(
            names = "--jitter",
            paramLabel = "PERCENT",
            defaultValue = "10",
            description = "by which both vary from stream to stream; default: ${DEFAULT-VALUE}")
    private int jitter;

    @Option(
            names = "--n-cycles",
            paramLabel = "N",
            defaultValue = "1",
            description = "write and read so often; 0: for ever; default: ${DEFAULT-VALUE}")
    private int cycles;

    @Option(
            names = "--change-streams-every-n-cycles",
            paramLabel = "N",
            defaultValue = "1",
            description = "go on with other streams; default: ${DEFAULT-VALUE}")
    private int changeEvery;

    @Option(
            names = "--max-concurrent-writes",
            paramLabel = "N",
            defaultValue = "4",
            description = "INSERTs at once; default: ${DEFAULT-VALUE}")
    private int writes;

    @Option(
            names = "--max-concurrent-reads",
            paramLabel = "N",
            defaultValue = "4",
            description = "objects read at once; default: ${DEFAULT-VALUE}")
    private int reads;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "0",
            description = "entries a second, all streams together; 0: as fast as it goes")
    private long rate;

    @Option(
            names = "--retries",
            paramLabel = "N",
            defaultValue = "100",
            description = "of refused INSERTs, in the whole run; default: ${DEFAULT-VALUE}")
    private int retries;

    @Option(
            names = "--time-step-ns",
            paramLabel = "N",
            defaultValue = "100000",
            description = "synthetic nanoseconds from an entry to the next; default: ${DEFAULT-VALUE}")
    private long stepNanos;

    @Option(
            names = "--min-lag",
            paramLabel = "TIME",
            defaultValue = "1s",
            converter = Seconds.class,
            description = "entries happened at least so long ago; default: ${DEFAULT-VALUE}")
    private Duration minLag;

    @Option(
            names = "--max-lag",
            paramLabel = "TIME",
            defaultValue = "10m",
            converter = Seconds.class,
            description = "entries happened at most so long ago; default: ${DEFAULT-VALUE}")
    private Duration maxLag;

    @Option(
            names = "--start-time",
            paramLabel = "TIME",
            description = "the first entry happened then, such as 2026-01-31T12:00:00Z; the wall clock does not matter")
    private Instant start;

    @Option(names = "--skip-read", description = "write only; --verify-run reads")
    private boolean skipRead;

    @Option(
            names = "--read-n-streams-only",
            paramLabel = "N",
            defaultValue = "0",
            description = "read these only, chosen by the seed; 0: all")
    private int readStreams;

    @Option(
            names = "--verify-run",
            paramLabel = "ID",
            description = "write nothing: read what an earlier run wrote; its report is needed, in --report-dir")
    private String verify;

    @Option(
            names = "--max-delay",
            paramLabel = "TIME",
            defaultValue = "20m",
            converter = Seconds.class,
            description = "from INSERT to object; what takes longer is late; default: ${DEFAULT-VALUE}")
    private Duration maxDelay;

    @Option(
            names = "--give-up-after",
            paramLabel = "TIME",
            converter = Seconds.class,
            description = "what is not there so long after the last INSERT is missing; default: twice --max-delay")
    private Duration patience;

    @Option(
            names = "--poll-every",
            paramLabel = "TIME",
            defaultValue = "5s",
            converter = Seconds.class,
            description = "between two looks into the buckets; default: ${DEFAULT-VALUE}")
    private Duration poll;

    @Option(
            names = "--max-findings",
            paramLabel = "N",
            defaultValue = "100",
            description = "told in detail; all are counted; default: ${DEFAULT-VALUE}")
    private int findings;

    @Option(names = "--run-id", paramLabel = "ID", description = "default: made from the time")
    private String id;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "what the entries hold follows from it; default: a random one, which the report names")
    private Long seed;

    @Option(
            names = "--shape",
            paramLabel = "SHAPE",
            defaultValue = "MIXED",
            description = "${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
    private Shape shape;

    @Option(
            names = "--line-length",
            paramLabel = "N",
            defaultValue = "600",
            description = "about how many bytes a log line has at least; default: ${DEFAULT-VALUE}")
    private int lineLength;

    @Option(
            names = "--compressibility",
            paramLabel = "LEVEL",
            defaultValue = "MEDIUM",
            description = "of what pads lines: ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}")
    private Compressibility compressibility;

    @Option(
            names = "--report-dir",
            paramLabel = "DIR",
            defaultValue = ".",
            description = "where looker-ID.json and looker-ID.txt are written; default: ${DEFAULT-VALUE}")
    private Path reports;

    @Option(names = "--html", description = "write looker-ID.html too: the report with plots")
    private boolean html;

    @Option(
            names = "--metrics-port",
            paramLabel = "PORT",
            description = "serve /metrics for Prometheus on loopback while it runs; 0: any free one")
    private Integer metricsPort;

    @Option(names = "--json", description = "print the report as one JSON object")
    private boolean json;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Settings settings = lanes.one(SettingsFlags.read(spec.commandLine().getParseResult()));
        Plan plan = plan();
        Optional<Report> earlier = verify == null ? Optional.empty() : Optional.of(earlier());
        Run run = earlier.isPresent() ? earlier.get().run() : run(settings);
        Files.createDirectories(reports);
        try (AccessLogStore store = new AccessLogStore(settings, reads);
                LookerMetrics metrics = metricsPort == null ? null : new LookerMetrics(metricsPort)) {
            Looker looker = new Looker(run, plan, metrics == null ? store : metrics.on(store), Ticker.SYSTEM);
            if (metrics != null) {
                metrics.show(looker);
                spec.commandLine().getErr().println("courier: " + metrics.address());
            }
            LookerHtml page = new LookerHtml();
            CountDownLatch written = new CountDownLatch(1);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(looker, written), "stop"));
            String failure = "";
            try (ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor(
                            Thread.ofPlatform().daemon().factory());
                    Progress wrote = Progress.of("written", " entries", maximum(earlier));
                    Progress right = Progress.of("right", " entries", maximum(earlier))) {
                var _ = clock.scheduleAtFixedRate(
                        () -> show(looker, page, wrote, right), REFRESH_MILLIS, REFRESH_MILLIS, TimeUnit.MILLISECONDS);
                store.check(run);
                if (earlier.isPresent()) {
                    looker.verify(earlier.get().streams());
                } else {
                    looker.run();
                }
                clock.shutdownNow();
            } catch (RuntimeException e) {
                failure = String.valueOf(e.getMessage());
                throw e;
            } finally {
                Report report =
                        failure.isEmpty() ? looker.report() : looker.report().failed(failure);
                page.sample(System.currentTimeMillis(), looker.progress());
                write(report, page);
                written.countDown();
            }
            return code(looker.report());
        }
    }

    private Plan plan() {
        if (skipRead && (readStreams > 0 || verify != null)) {
            throw new ParameterException(spec.commandLine(), "--skip-read: another option asks for reading");
        }
        if (reads < 1) {
            throw new ParameterException(spec.commandLine(), "--max-concurrent-reads " + reads + ": 1 is the least");
        }
        try {
            return new Plan(
                    new Writing(
                            streams,
                            fragments(),
                            Duration.ofSeconds(seconds),
                            jitter,
                            cycles,
                            changeEvery,
                            writes,
                            rate,
                            retries),
                    new Time(stepNanos, minLag, maxLag, Optional.ofNullable(start)),
                    new Reading(
                            skipRead ? Which.NONE : readStreams > 0 ? Which.SOME : Which.ALL,
                            readStreams,
                            maxDelay,
                            patience == null ? maxDelay.multipliedBy(2) : patience,
                            poll),
                    findings);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private Run run(Settings settings) {
        if (targetBuckets.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "--target-bucket is missing: name a bucket that log objects may be written to");
        }
        SecureRandom random = new SecureRandom();
        String made = TIME.format(Instant.now()) + "-" + HexFormat.of().toHexDigits((short) random.nextInt());
        try {
            return new Run(
                    id == null ? made : id,
                    seed == null ? random.nextLong() : seed,
                    fragment,
                    lineLength,
                    compressibility,
                    shape,
                    targetBuckets,
                    targetPrefix,
                    Run.rendering(settings.forms().rules(), targetBuckets),
                    settings.lane().moreColumns().size());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private Report earlier() throws IOException {
        Path file = reports.resolve("looker-" + verify + ".json");
        if (!Files.exists(file)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--verify-run " + verify + ": there is no report " + file + ": name its folder with --report-dir");
        }
        try {
            return ClickHouse.JSON.readValue(Files.readAllBytes(file), Report.class);
        } catch (JacksonException e) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--verify-run " + verify + ": " + file + " is no report: " + e.getOriginalMessage(),
                    e);
        }
    }

    /** What a bar is full at; -1 if that is not known. */
    private long maximum(Optional<Report> earlier) {
        if (earlier.isPresent()) {
            return earlier.get().writing().entries();
        }
        return seconds > 0 || cycles == 0 ? -1 : (long) cycles * streams * fragment * fragments();
    }

    /** After how many a stream stops; 0 for no such limit. */
    private int fragments() {
        if (fragments != null) {
            return fragments;
        }
        return seconds == 0 ? 10 : 0;
    }

    private static void show(Looker looker, LookerHtml page, Progress wrote, Progress right) {
        Looker.Progress progress = looker.progress();
        page.sample(System.currentTimeMillis(), progress);
        wrote.at(progress.written());
        wrote.say("%.1f MB, lag %.1f s".formatted(progress.bytes() / MILLION, progress.lagMillis() / 1e3));
        right.at(progress.right());
        right.say(progress.reading().isRight() ? "" : "something is wrong");
    }

    /** A shutdown waits until the report is written. */
    private static void stop(Looker looker, CountDownLatch written) {
        looker.stop();
        try {
            if (!written.await(Signals.GRACE.toMillis(), TimeUnit.MILLISECONDS)) {
                System.err.println("courier: looker did not come to its end, there is no report");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(Report report, LookerHtml page) throws IOException {
        String name = "looker-" + report.run().id() + (verify == null ? "" : "-verified");
        String answer = ClickHouse.JSON.writeValueAsString(report);
        Files.writeString(reports.resolve(name + ".json"), answer + "\n");
        Files.writeString(reports.resolve(name + ".txt"), Plain.copy(report).text() + "\n");
        if (html) {
            Files.writeString(reports.resolve(name + ".html"), page.page(report));
        }
        Output.print(spec, json, report, Report::text);
    }

    private static int code(Report report) {
        if (!report.reading().isRight()) {
            return 1;
        }
        if (report.interrupted()) {
            return INTERRUPTED;
        }
        return report.isCutShort() ? UNREACHABLE : 0;
    }
}
