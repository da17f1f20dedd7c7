package io.logcourier.operations;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.operations.input.InputSheet;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code courier load}. */
@Command(
        name = "load",
        footer = {"  courier load access.ndjson", "  courier load --json access-1.ndjson.gz access-2.ndjson.gz"},
        description = {
            "Loads access logs as a shipper does: JSON lines, plain or gzipped, through the ingest table in chunks.",
            "Says which fields are unknown, and which rows do not arrive. docs/input.md has what a row must look like."
        })
public final class LoadCommand implements Callable<Integer> {
    private static final Duration LIMIT = Duration.ofSeconds(9);

    @Spec
    private CommandSpec spec;

    @Mixin
    private LaneOption lanes;

    @Parameters(
            paramLabel = "FILE",
            arity = "1..*",
            description = "JSON lines as CloudServer writes them, plain or .gz")
    private List<Path> files;

    @Option(
            names = "--from-line",
            paramLabel = "N",
            defaultValue = "1",
            description = "begin with this line of the first file, as the message of a failed load says")
    private long fromLine;

    @Mixin
    private LoadOptions options;

    @Option(names = "--json", description = "print one JSON object per file")
    private boolean json;

    private volatile boolean ended;

    /**
     * What was loaded: a line of {@code load --json}.
     *
     * @param absent rows that should be stored, and by which the log table did not grow; others may insert and remove rows meanwhile
     */
    public record Loaded(String file, @JsonUnwrapped InputSheet sheet, long absent) {
        /** For people. */
        String text() {
            List<String> lines = new ArrayList<>();
            lines.add("%s: %,d %s".formatted(file, sheet.rows(), sheet.rows() == 1 ? "row" : "rows"));
            sheet.remarks().forEach(remark -> lines.add("    " + remark));
            if (absent > 0) {
                lines.add(
                        "    %,d of them are not in the log table, by the number of its rows before and after: look at its TTL, and at the view that fills it"
                                .formatted(absent));
            }
            return String.join(System.lineSeparator(), lines);
        }
    }

    @Override
    public Integer call() throws IOException {
        if (fromLine < 1) {
            throw new ParameterException(spec.commandLine(), "--from-line " + fromLine + ": lines count from 1");
        }
        Settings settings = lanes.one(SettingsFlags.read(spec.commandLine().getParseResult()));
        files.stream()
                .filter(file -> Files.isDirectory(file) || !Files.isReadable(file))
                .findFirst()
                .ifPresent(file -> {
                    throw new ParameterException(spec.commandLine(), file + " is no file that can be read");
                });
        try (ClickHouse clickHouse = ClickHouse.connectOnce(settings.lane().endpoint())) {
            Loader loader = new Loader(clickHouse, settings.lane(), options.loader());
            stopInTime(loader, Thread.currentThread());
            long line = fromLine;
            for (Path file : files) {
                long before = loader.stored();
                InputSheet sheet = load(loader, file, line);
                line = 1;
                long absent = Math.max(0, sheet.stored() - (loader.stored() - before));
                Output.print(spec, json, new Loaded(file.toString(), sheet, absent), Loaded::text);
            }
        } finally {
            ended = true;
        }
        return 0;
    }

    /** A shutdown waits for the chunk under way: nobody could tell whether its rows are there. */
    private void stopInTime(Loader loader, Thread loading) {
        Runnable stop = () -> {
            if (ended) {
                return;
            }
            loader.stop();
            try {
                loading.join(LIMIT);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        Runtime.getRuntime().addShutdownHook(new Thread(stop, "stop"));
    }

    private static InputSheet load(Loader loader, Path file, long fromLine) throws IOException {
        try (Progress progress = Progress.of("load", file);
                InputStream lines = Loader.open(file, progress)) {
            return loader.load(file.toString(), lines, fromLine, done -> {});
        }
    }
}
