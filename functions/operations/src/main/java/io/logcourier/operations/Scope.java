package io.logcourier.operations;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Lane;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * What of the objects an audit looks at, and what it takes for granted there.
 *
 * @param share which objects are read, and which folders listed
 * @param timeIsUp when to stop looking; what is left counts as unread
 * @param audit where nobody else writes
 * @param targets which buckets may get objects
 * @param copies where replays write copies, which are no differences
 * @param young an object may be so old, and its order not committed: its worker is still at it, or it comes back
 * @param others the other lanes of the installation, which may have objects in the same buckets
 */
record Scope(
        Share share,
        BooleanSupplier timeIsUp,
        Settings.Audit audit,
        Settings.Targets targets,
        List<String> copies,
        Duration young,
        List<Neighbour> others) {
    /** Another lane, and the ClickHouse to ask about it. */
    record Neighbour(Lane lane, ClickHouse clickHouse) {}

    /** All objects, of a lane without others. */
    static Scope of(Settings settings) {
        return new Scope(
                Share.ALL,
                () -> false,
                settings.audit(),
                settings.targets(),
                settings.worker().replayTargets(),
                settings.discovery().redeliverAfter(),
                List.of());
    }

    /** As this, in target buckets that are ours alone, all of them. */
    Scope alone() {
        Settings.Audit everywhere = new Settings.Audit(audit.objectsWithin(), audit.every(), List.of("*"));
        return new Scope(share, timeIsUp, everywhere, targets, copies, young, others);
    }

    /** As this, of a share, until the time is up. */
    Scope only(Share some, BooleanSupplier end) {
        return new Scope(some, end, audit, targets, copies, young, others);
    }

    /** As this, beside other lanes. */
    Scope beside(List<Neighbour> neighbours) {
        return new Scope(share, timeIsUp, audit, targets, copies, young, neighbours);
    }

    /** Whether an object is a copy that a replay may have made. */
    boolean isCopy(String bucket, String key) {
        String name = bucket + "/" + key;
        return copies.stream().anyMatch(allowed -> name.startsWith(allowed.indexOf('/') < 0 ? allowed + "/" : allowed));
    }
}
