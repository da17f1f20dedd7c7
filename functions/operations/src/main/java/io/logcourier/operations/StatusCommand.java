package io.logcourier.operations;

import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Lane;
import io.logcourier.logging.Plain;
import io.logcourier.operations.Terminal.Size;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code courier status}. */
@Command(
        name = "status",
        footer = {"  courier status --watch", "  courier status --bucket cats --json"},
        description = {
            "Shows what each bucket waits for: lag, rows pending, due, open and given up, and the last delivery.",
            "Those that need attention come first."
        })
public final class StatusCommand implements Callable<Integer> {
    /** Lines of a watched status that are no buckets. */
    private static final int AROUND = 8;

    @Spec
    private CommandSpec spec;

    @Mixin
    private LaneOption lanes;

    @Option(
            names = "--top",
            paramLabel = "N",
            defaultValue = "20",
            description = "buckets to show; default: ${DEFAULT-VALUE}")
    private int top;

    @Option(names = "--bucket", paramLabel = "NAME", defaultValue = "", description = "show this bucket only")
    private String bucket;

    @Option(
            names = "--watch",
            paramLabel = "TIME",
            arity = "0..1",
            fallbackValue = "5s",
            converter = Seconds.class,
            description =
                    "show it again every TIME (without one: ${FALLBACK-VALUE}) until interrupted, on a terminal in place")
    private Duration watch;

    @Option(names = "--json", description = "print one JSON object, with all buckets; with --watch one a line")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        if (top < 0) {
            throw new ParameterException(spec.commandLine(), "--top " + top + ": a number of buckets is needed");
        }
        Settings settings = SettingsFlags.read(spec.commandLine().getParseResult());
        boolean inPlace = watch != null && !json && Terminal.STDOUT.isWatched();
        Map<Lane, ClickHouse> connected = new HashMap<>();
        try {
            while (true) {
                StringBuilder frame = new StringBuilder();
                try {
                    lanes.forEach(settings, lane -> {
                        ClickHouse clickHouse =
                                connected.computeIfAbsent(lane.lane(), one -> ClickHouse.connect(one.endpoint()));
                        clickHouse.reach();
                        Status status = Status.of(clickHouse, lane, bucket);
                        Size size = Terminal.STDOUT.size();
                        if (inPlace) {
                            int room = Math.max(1, size.lines() - AROUND);
                            frame.append(Output.text(status, plain -> plain.text(Math.min(top, room), size.columns())))
                                    .append(System.lineSeparator());
                        } else {
                            Output.print(spec, json, status, plain -> plain.text(top, size.columns()));
                        }
                    });
                } catch (RetryableException e) {
                    if (watch == null || settings.lanes().size() == 1) {
                        throw e;
                    }
                    // The other lanes are to be watched; this one too, for when it is back.
                    spec.commandLine().getErr().println("courier: " + Plain.indented(e.getMessage()));
                }
                if (inPlace) {
                    Terminal.show(frame.toString());
                }
                if (watch == null) {
                    return 0;
                }
                Thread.sleep(watch);
            }
        } finally {
            connected.values().forEach(ClickHouse::close);
        }
    }
}
