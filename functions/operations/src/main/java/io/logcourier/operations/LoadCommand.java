package io.logcourier.operations;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.logging.Quantity;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
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
            "Loads access logs as a shipper does: JSON lines, plain or gzipped, through the ingest table in chunks."
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

    @Option(names = "--json", description = "print one JSON object per file")
    private boolean json;

    private volatile boolean ended;

    /** What was loaded: a line of {@code load --json}. */
    public record Loaded(String file, long rows) {}

    @Override
    public Integer call() throws IOException {
        if (fromLine < 1) {
            throw new ParameterException(spec.commandLine(), "--from-line " + fromLine + ": lines count from 1");
        }
        Settings settings = lanes.one(SettingsFlags.read(spec.commandLine().getParseResult()));
        try (ClickHouse clickHouse = ClickHouse.connectOnce(settings.lane().endpoint())) {
            Loader loader = new Loader(clickHouse, settings.lane());
            stopInTime(loader, Thread.currentThread());
            long line = fromLine;
            for (Path file : files) {
                Loaded loaded = new Loaded(file.toString(), load(loader, file, line));
                line = 1;
                Output.print(spec, json, loaded, plain -> plain.file() + ": " + Quantity.of(plain.rows(), "row"));
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

    private static long load(Loader loader, Path file, long fromLine) throws IOException {
        try (Progress progress = Progress.of("load", file);
                InputStream lines = Loader.open(file, progress)) {
            return loader.load(file.toString(), lines, fromLine, done -> {});
        }
    }
}
