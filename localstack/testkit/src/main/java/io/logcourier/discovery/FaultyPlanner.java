package io.logcourier.discovery;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.localstack.Faults;
import io.logcourier.localstack.Installation;
import io.logcourier.message.OrderQueue;
import io.logcourier.message.Tick;
import java.time.Duration;
import java.util.Map;

/** The planner of an installation, with faults at its ports; a step makes orders of one group only. */
public final class FaultyPlanner {
    private static final int ARRIVALS_PER_STEP = 1;

    private FaultyPlanner() {}

    /** A discovery function whose lanes wait so long for one that begins no step. */
    public static DiscoveryHandler impatient(Settings settings, Duration patience) {
        return new DiscoveryHandler(settings, patience);
    }

    /** One tick. */
    public static void plan(Installation courier, OrderQueue queue, Faults faults, Tick tick) {
        plan(courier, faults.on(courier.clickHouse()), faults.on(queue), tick);
    }

    /** One tick, on another ClickHouse and queue. */
    public static void plan(Installation courier, ClickHouse clickHouse, OrderQueue queue, Tick tick) {
        plan(courier.settings(), clickHouse, queue, tick);
    }

    /** One tick of an installation that these settings tell of. */
    public static void plan(Settings settings, ClickHouse clickHouse, OrderQueue queue, Tick tick) {
        new Planner(settings, clickHouse, queue, ARRIVALS_PER_STEP).plan(tick, () -> false);
    }

    /** One tick without faults, with some settings changed. */
    public static void plan(Installation courier, OrderQueue queue, Map<String, String> changed, Tick tick) {
        plan(courier.settings(changed), courier.clickHouse(), queue, tick);
    }
}
