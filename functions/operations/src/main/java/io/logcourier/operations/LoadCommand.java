package io.logcourier.operations;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code courier load}. */
@Command(
        name = "load",
        description = {
            "Loads access logs as a shipper does: JSON lines, plain or gzipped, through the ingest table in chunks."
        })
public final class LoadCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

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

    @Override
    public Integer call() throws IOException {
        Settings settings = SettingsFlags.read(spec.commandLine().getParseResult());
        try (ClickHouse clickHouse = ClickHouse.connect(settings.lane().endpoint())) {
            Loader loader = new Loader(clickHouse, settings.lane());
            long line = fromLine;
            for (Path file : files) {
                try (InputStream lines = Loader.open(file)) {
                    long rows = loader.load(file.toString(), lines, line, progress -> {});
                    line = 1;
                    spec.commandLine().getOut().println("%s: %,d rows".formatted(file, rows));
                }
            }
        }
        return 0;
    }
}
