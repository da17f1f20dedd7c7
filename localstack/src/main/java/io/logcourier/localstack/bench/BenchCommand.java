package io.logcourier.localstack.bench;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.operations.Seconds;
import io.logcourier.operations.SettingsFlags;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code courier bench}. */
@Command(
        name = "bench",
        footer = {"  courier bench", "  courier bench --scale 0.1"},
        description = {
            "Measures deliveries on an embedded ClickHouse, beside what the engine and the sink alone take.",
            "docs/performance.md says what each figure means. Exits with 0 only if every row was delivered."
        })
public final class BenchCommand implements Callable<Integer> {
    private static final Logger log = LoggerFactory.getLogger(BenchCommand.class);

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "CASE", description = "which to run: ${COMPLETION-CANDIDATES}; default: all")
    private List<Case> cases = List.of(Case.values());

    @Option(
            names = "--scale",
            paramLabel = "FACTOR",
            defaultValue = "1",
            description = "of the rows and buckets of each case; default: ${DEFAULT-VALUE}")
    private double scale;

    @Option(names = "--rows", paramLabel = "N", description = "rows, instead of a case's own")
    private Long rows;

    @Option(names = "--buckets", paramLabel = "N", description = "buckets, instead of a case's own")
    private Integer buckets;

    @Option(names = "--block-rows", paramLabel = "N", description = "rows of one INSERT, instead of a case's own")
    private Long block;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            description =
                    "rows of the same kind to deliver before anything is measured; default: as many as a case has")
    private Long warmUp;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "52000",
            description = "rows a second in the case steady; default: ${DEFAULT-VALUE}")
    private long rate;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "10m",
            converter = Seconds.class,
            description = "of the case steady; default: ${DEFAULT-VALUE}")
    private Duration duration;

    @Option(
            names = "--every",
            paramLabel = "TIME",
            defaultValue = "10s",
            converter = Seconds.class,
            description = "between ticks in the case steady; default: ${DEFAULT-VALUE}")
    private Duration every;

    @Option(
            names = "--seed",
            paramLabel = "S",
            defaultValue = "1",
            description = "of the rows; default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(
            names = "--sink",
            defaultValue = "memory",
            description = "memory: S3 that drops what it takes; disk: S3Proxy; default: ${DEFAULT-VALUE}")
    private Sink sink;

    @Option(
            names = "--concurrency",
            paramLabel = "N",
            description = "invocations of the worker at once; default: one per processor")
    private int concurrency = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--courier-java",
            paramLabel = "OPTIONS",
            defaultValue = "-Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
            description = "options of the courier's JVM; default: ${DEFAULT-VALUE}")
    private String courier;

    @Option(
            names = "--together",
            description =
                    "run all cases in the same processes: quicker, but each measures what the last one left as well")
    private boolean together;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "write the report there too: results.json, results.md, results.html")
    private Path reports;

    @Option(names = "--json", description = "print the report as one JSON object")
    private boolean json;

    /** What {@code --json} prints. */
    public static final Class<?> ANSWER = Report.class;

    /** Where the objects go. */
    private enum Sink {
        memory,
        disk
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        check();
        ParseResult parsed = spec.commandLine().getParseResult();
        PrintWriter out = spec.commandLine().getOut();
        Options options = new Options(
                SettingsFlags.given(parsed),
                SettingsFlags.environment(parsed),
                scale,
                rows == null ? OptionalLong.empty() : OptionalLong.of(rows),
                buckets == null ? OptionalInt.empty() : OptionalInt.of(buckets),
                block == null ? OptionalLong.empty() : OptionalLong.of(block),
                warmUp == null ? OptionalLong.empty() : OptionalLong.of(warmUp),
                rate,
                duration,
                every,
                seed,
                sink == Sink.disk,
                concurrency,
                List.of(courier.strip().split(" +")));
        List<Result> results = new ArrayList<>();
        List<List<Case>> installations =
                together ? List.of(cases) : cases.stream().map(List::of).toList();
        for (List<Case> some : installations) {
            try (BenchInstallation installation = new BenchInstallation(options)) {
                for (Case each : some) {
                    log.info("{}", each);
                    results.addAll(each.run(installation));
                }
            }
        }
        Report report = Report.of(parsed.originalArgs(), results);
        String text = ClickHouse.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(report);
        if (reports != null) {
            Files.createDirectories(reports);
            Files.writeString(reports.resolve("results.json"), text);
            Files.writeString(reports.resolve("results.md"), report.text());
            Files.writeString(reports.resolve("results.html"), report.page());
        }
        out.println(json ? text : report.text());
        out.flush();
        return results.stream().allMatch(result -> result.faults().isEmpty()) ? 0 : 1;
    }

    private void check() {
        Map<String, Number> positive = new LinkedHashMap<>();
        positive.put("--scale", scale);
        positive.put("--rows", rows);
        positive.put("--buckets", buckets);
        positive.put("--block-rows", block);
        positive.put("--rate", rate);
        positive.put("--concurrency", concurrency);
        positive.put("--duration", duration.toSeconds());
        positive.put("--every", every.toMillis());
        positive.put("--warm-up", warmUp == null ? null : warmUp + 1);
        positive.forEach((option, value) -> {
            if (value != null && value.doubleValue() <= 0) {
                throw new ParameterException(spec.commandLine(), option + " " + value + ": too little");
            }
        });
    }
}
