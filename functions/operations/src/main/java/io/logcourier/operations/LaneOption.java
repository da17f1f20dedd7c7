package io.logcourier.operations;

import io.logcourier.ConfigurationException;
import io.logcourier.CourierException;
import io.logcourier.LaneFailures;
import io.logcourier.configuration.Settings;
import java.util.List;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** {@code --lane} of a command. */
public final class LaneOption {
    @Option(
            names = "--lane",
            paramLabel = "NAME",
            description =
                    "this lane only, where clickhouse.url has several; without it every lane, if that makes sense")
    private String lane;

    /**
     * The settings of each lane that is meant.
     *
     * @throws ConfigurationException if there is no such lane
     */
    public List<Settings> each(Settings settings) {
        return lane == null ? settings.each() : List.of(settings.of(lane));
    }

    /**
     * The settings of the only lane that is meant.
     *
     * @throws ConfigurationException if there are several, or no such lane
     */
    public Settings one(Settings settings) {
        return settings.of(lane == null ? settings.lane().name() : lane);
    }

    /**
     * Does something for each lane that is meant; where one fails, the others come first.
     *
     * @throws CourierException that names each lane that failed, and why
     */
    void forEach(Settings settings, Consumer<Settings> work) {
        List<Settings> lanes = each(settings);
        if (lanes.size() == 1) {
            work.accept(lanes.getFirst());
            return;
        }
        LaneFailures failures = new LaneFailures();
        for (Settings one : lanes) {
            try {
                work.accept(one);
            } catch (CourierException e) {
                failures.add(one.lane().name(), e);
            }
        }
        failures.raise();
    }
}
