package io.logcourier.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.ledger.Ledger;
import io.logcourier.localstack.Faults;
import io.logcourier.localstack.Installation;
import io.logcourier.localstack.LogRow;
import io.logcourier.localstack.Stack;
import io.logcourier.message.Message;
import io.logcourier.message.OrderQueue;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.message.Tick;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A planner that dies at any call leaves a state that the next one completes. */
class PlannerFaultsIT {
    private static final Tick FLUSH = new Tick(Optional.empty(), true, false);
    private static final int FEWEST_CALLS = 6;

    @RegisterExtension
    static final Stack STACK = new Stack();

    @ParameterizedTest
    @EnumSource(names = {"REQUEST_LOST", "ANSWER_LOST"})
    void whateverCallAPlannerDiesAtTheNextOneFinishes(Faults.Kind kind) {
        List<LogRow> rows = new ArrayList<>();
        Installation courier = STACK.installation();
        try (SqsOrderQueue queue = new SqsOrderQueue(courier.settings())) {
            boolean struck = true;
            for (int at = 1; struck; at++) {
                String description = "%s at call %d".formatted(kind, at);
                insert(courier, at, rows);
                Faults faults = new Faults(kind, at);
                Planner planner = planner(courier, faults, queue);

                struck = isStruck(planner, faults, description);
                LogRow later = LogRow.of("second", at + "-later", courier.target());
                courier.insert(later);
                rows.add(later);
                courier.flush();

                assertThat(courier.number("SELECT sum(rows) FROM {ledger}.orders"))
                        .as(description)
                        .isEqualTo(rows.size());
                assertThat(struck || at > FEWEST_CALLS)
                        .as("%s, the first of which there is none: so few calls?", description)
                        .isTrue();
            }
            assertThat(courier.flush().isIdle()).isTrue();
            courier.deliver(kind.toString(), rows);
        }
    }

    /** Whether the fault came; then the planner must have failed, or not needed the call. */
    private static boolean isStruck(Planner planner, Faults faults, String description) {
        try {
            planner.plan(FLUSH, () -> false);
            return faults.struck();
        } catch (RetryableException e) {
            assertThat(faults.struck()).as(description).isTrue();
            return true;
        }
    }

    private static Planner planner(Installation courier, Faults faults, OrderQueue queue) {
        ClickHouse clickHouse = faults.on(courier.clickHouse());
        return new Planner(
                courier.lane(),
                new Ledger(clickHouse, courier.lane()),
                new AccessLogTable(clickHouse, courier.lane()),
                new OrderQueue() {
                    @Override
                    public void send(List<? extends Message> messages) {
                        faults.run(() -> queue.send(messages));
                    }

                    @Override
                    public void close() {}
                },
                courier.settings().discovery());
    }

    private static void insert(Installation courier, int id, List<LogRow> rows) {
        List<LogRow> batch = List.of(
                LogRow.of("first", id + "-1", courier.target()),
                LogRow.of("second", id + "-2", courier.target()),
                LogRow.of("first", id + "-3", courier.target()).with("insertedAt", Installation.hoursAgo(1)));
        courier.insert(batch);
        rows.addAll(batch);
    }
}
