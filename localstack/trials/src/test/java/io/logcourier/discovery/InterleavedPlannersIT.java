package io.logcourier.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.localstack.Faults;
import io.logcourier.localstack.Faults.Call;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.message.Tick;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A planner that sleeps between two statements, and what happens meanwhile. */
class InterleavedPlannersIT {
    private static final Tick FLUSH = new Tick(Optional.empty(), true, false);

    @RegisterExtension
    static final Stack STACK = new Stack();

    private final List<LogRow> rows = new ArrayList<>();

    @Test
    void aPlannerSleepsBetweenAnyTwoStatementsWhileAnotherRunsTenSteps() {
        Installation courier = STACK.installation();
        insert(courier, "first");
        Faults none = Faults.none();
        plan(courier, none.on(courier.clickHouse()));
        Set<String> points = none.calls().stream().map(Call::point).collect(Collectors.toCollection(TreeSet::new));
        assertThat(points)
                .contains("insert epochs", "insert arrivals", "insert orders")
                .hasSizeGreaterThan(12);

        long seed = Faults.seed();
        for (String point : Faults.share(List.copyOf(points), seed)) {
            insert(courier, point);
            long before = courier.number("SELECT max(epoch) FROM {ledger}.epochs");
            Sleep sleep = new Sleep(courier.clickHouse(), point, () -> {
                for (int i = 0; courier.number("SELECT max(epoch) FROM {ledger}.epochs") < before + 10; i++) {
                    insert(courier, point + " meanwhile " + i);
                    courier.flush();
                }
            });
            plan(courier, sleep);
            assertThat(sleep.slept).as(point).isTrue();
            courier.flush();
            assertThat(courier.number("SELECT sum(rows) FROM {ledger}.orders"))
                    .as("rows in orders after a sleep before %s, seed %d", point, seed)
                    .isEqualTo(rows.size());
        }

        courier.deliver("a sleep before each of " + points, rows);
    }

    @Test
    @Timeout(120)
    void aPartitionDroppedBetweenTwoStepsIsNotClaimedAgainAndAgain() {
        Installation courier = STACK.installation(Map.of("discovery.epoch-limit", "1"));
        String hour = Installation.hoursAgo(2);
        courier.insert(LogRow.of("gone", "GONE", courier.target()).with("insertedAt", hour));
        insert(courier, "kept");
        // The first step claims the old partition, the next ones look at what there was when the tick began.
        Sleep sleep = new Sleep(
                courier.clickHouse(),
                "arrivals.sql",
                () -> courier.execute("ALTER TABLE {logs}.access_logs DROP PARTITION '" + hour + "'"));

        plan(courier, sleep);
        insert(courier, "later");
        courier.flush();
        courier.drain();

        assertThat(sleep.slept).isTrue();
        courier.assertDelivered("what is left", rows);
    }

    private void insert(Installation courier, String id) {
        LogRow row = LogRow.of("bucket", id, courier.target());
        courier.insert(row);
        rows.add(row);
    }

    private static void plan(Installation courier, ClickHouse clickHouse) {
        try (SqsOrderQueue queue = new SqsOrderQueue(courier.settings())) {
            FaultyPlanner.plan(courier, clickHouse, queue, FLUSH);
        }
    }

    /** The same server; before the first call of a name something else happens. */
    private static final class Sleep implements ClickHouse {
        private final ClickHouse real;
        private final String point;
        private final Runnable meanwhile;
        private boolean slept;

        Sleep(ClickHouse real, String point, Runnable meanwhile) {
            this.real = real;
            this.point = point;
            this.meanwhile = meanwhile;
        }

        private void at(String name) {
            if (!slept && name.equals(point)) {
                slept = true;
                meanwhile.run();
            }
        }

        @Override
        public InputStream query(Statement statement, String format) {
            at(statement.name());
            return real.query(statement, format);
        }

        @Override
        public void insert(String table, String format, byte[] lines, Map<String, String> settings) {
            at("insert " + table.substring(table.indexOf('.') + 1));
            real.insert(table, format, lines, settings);
        }

        @Override
        public void close() {}
    }
}
