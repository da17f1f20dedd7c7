package io.logcourier.localstack.cli;

import io.logcourier.CourierException;
import io.logcourier.discovery.DiscoveryHandler;
import io.logcourier.localstack.lambda.Ticks;
import io.logcourier.logging.Plain;
import io.logcourier.message.Tick;
import io.logcourier.operations.Seconds;
import io.logcourier.operations.SettingsFlags;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code courier tick}. */
@Command(
        name = "tick",
        footer = {"  courier tick", "  courier tick --flush"},
        description = {
            "Runs discovery once, as the schedule does: claims new rows, decides what is due, enqueues work orders.",
            "Prints what it did as one JSON object, or one for each lane.",
            "Exits with 1 where rows of the log table had to be left alone, and names them."
        })
final class TickCommand implements Callable<Integer> {
    private static final JsonMapper JSON = new JsonMapper();

    @Spec
    private CommandSpec spec;

    @Option(names = "--lane", paramLabel = "NAME", description = "plan this lane only")
    private String lane;

    @Option(names = "--flush", description = "every bucket with a pending row is due")
    private boolean flush;

    @Option(names = "--redeliver", description = "enqueue all open orders again, after a lost or purged queue")
    private boolean redeliver;

    @Option(
            names = "--every",
            paramLabel = "TIME",
            converter = Seconds.class,
            description =
                    "tick again every TIME until interrupted, where no schedule does; one that fails is told, and the next one does its work")
    private Duration every;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Tick tick = new Tick(Optional.ofNullable(lane), flush, redeliver);
        try (DiscoveryHandler discovery =
                new DiscoveryHandler(SettingsFlags.read(spec.commandLine().getParseResult()))) {
            boolean leftAlone = tick(discovery, tick);
            // A wrong setting has shown by now; what else is wrong may be mended while this runs.
            while (every != null) {
                Thread.sleep(every);
                try {
                    tick(discovery, tick);
                } catch (CourierException e) {
                    spec.commandLine().getErr().println("courier: " + Plain.indented(e.getMessage()));
                }
            }
            return leftAlone ? 1 : 0;
        }
    }

    /** Ticks once, prints what was done, and returns whether rows were left alone. */
    private boolean tick(DiscoveryHandler discovery, Tick tick) throws IOException {
        boolean leftAlone = false;
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        try {
            Ticks.tick(discovery, tick.payload(), Ticks.TIMEOUT, answer);
        } finally {
            // Where one of several lanes failed, what was done on the others is there.
            if (answer.size() > 0) {
                JsonNode done = JSON.readTree(answer.toByteArray());
                print(done);
                leftAlone = done.findValues("rows_left_alone").stream().anyMatch(rows -> rows.asLong() > 0);
            }
        }
        return leftAlone;
    }

    private void print(JsonNode answer) {
        PrintWriter out = spec.commandLine().getOut();
        if (answer.has("lanes")) {
            answer.path("lanes").forEach(out::println);
        } else {
            out.println(answer);
        }
        out.flush();
    }
}
