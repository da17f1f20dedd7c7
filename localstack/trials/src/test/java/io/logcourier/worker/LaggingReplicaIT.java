package io.logcourier.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.RetryableException;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.discovery.FaultyPlanner;
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
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Planners and workers on a replica that lacks the newest blocks: they wait, and nothing is lost or claimed twice. */
class LaggingReplicaIT {
    private static final Tick REDELIVER = new Tick(Optional.empty(), true, true);

    @RegisterExtension
    static final Stack STACK = new Stack();

    private final List<LogRow> rows = new ArrayList<>();
    private Installation courier;
    private FaultyPorts ports;
    private SqsOrderQueue queue;

    @BeforeEach
    void install() {
        courier = STACK.installation(Map.of("worker.supersede-after", "0.001s"));
        courier.execute("SYSTEM STOP MERGES {logs}.access_logs");
        ports = new FaultyPorts(courier);
        queue = new SqsOrderQueue(courier.settings());
    }

    @AfterEach
    void close() {
        queue.close();
        ports.close();
    }

    @Test
    void aWorkerWaitsForTheRowsAndRecordsNoLoss() {
        insert("early", 1);
        Replica replica = new Replica(true);
        insert("late", 0);
        courier.flush();

        serve(replica, 3);

        courier.assertObjects("what the replica has", "", rows.subList(0, 10));
        assertThat(courier.number("SELECT count() FROM {ledger}.shortfalls")).isZero();
        assertThat(courier.books().balance().open()).isEqualTo(10);
        assertCaughtUp();
    }

    @Test
    void aLossThatAWorkerConfirmsWhoseReplicaDoesNotKnowThatItLagsIsNone() {
        insert("early", 1);
        Replica replica = new Replica(false);
        insert("late", 0);
        courier.flush();

        serve(replica, 3);
        assertThat(courier.number("SELECT countIf(finding = 'confirmed') FROM {ledger}.shortfalls"))
                .isOne();
        FaultyPlanner.plan(courier, new Replica(replica.high, true), queue, REDELIVER);

        assertThat(courier.number("SELECT count() FROM {ledger}.orders WHERE replaces_epoch > 0"))
                .isZero();
        assertThat(courier.number("SELECT count() FROM {ledger}.offsets WHERE outcome = 'superseded'"))
                .isZero();
        assertCaughtUp();
    }

    @Test
    void aPlannerForgetsNoPartitionThatItHasNotHeardOf() {
        insert("early", 1);
        Replica replica = new Replica(true);
        insert("late", 0);
        courier.flush();
        long before = courier.number("SELECT max(epoch) FROM {ledger}.epochs");

        FaultyPlanner.plan(courier, replica, queue, REDELIVER);

        assertThat(courier.number("SELECT max(epoch) FROM {ledger}.epochs"))
                .as("the replica's planner was at work")
                .isGreaterThan(before);
        assertCaughtUp();
    }

    @Test
    void aPlannerDoesNotCountWhatAnotherClaimedAndItLacks() {
        insert("early", 1);
        Replica replica = new Replica(true);
        insert("late", 0);
        Faults dies = new Call("insert epochs", 1, false)
                .faults().stream()
                        .filter(fault -> fault.toString().startsWith(Faults.Kind.STOPS_AFTER.name()))
                        .findFirst()
                        .orElseThrow();
        assertThatThrownBy(() -> FaultyPlanner.plan(courier, queue, dies, REDELIVER))
                .isInstanceOf(Faults.Stopped.class);

        assertThatThrownBy(() -> FaultyPlanner.plan(courier, replica, queue, REDELIVER))
                .isInstanceOf(RetryableException.class)
                .hasMessageContaining("lags");

        assertThat(courier.number("SELECT count() FROM {ledger}.arrivals")).isZero();
        assertCaughtUp();
    }

    @Test
    void aPlannerDecidesNothingWithoutAllOfTheLedger() {
        insert("early", 1);
        String replicas =
                "(SELECT '%s' AS database, 'arrivals' AS table, 0 AS is_readonly, 1 AS inserts_in_queue, 1 AS log_pointer, 0 AS log_max_index)"
                        .formatted(courier.lane().ledger());
        ClickHouse behind = asked("head.sql", statement -> statement.replace("system.replicas", replicas));

        assertThatThrownBy(() -> FaultyPlanner.plan(courier, behind, queue, REDELIVER))
                .isInstanceOf(RetryableException.class)
                .hasMessageContaining("it lacks rows of 1 tables of the ledger");

        assertThat(courier.number("SELECT max(epoch) FROM {ledger}.epochs")).isZero();
        assertCaughtUp();
    }

    @Test
    void aPlannerForgetsNothingOfATableThatIsDetachedMeanwhile() {
        insert("early", 0);
        courier.flush();
        courier.drain();
        insert("late", 0);
        ClickHouse detaching = asked("due.sql", statement -> {
            courier.execute("DETACH TABLE {logs}.access_logs SYNC");
            return statement;
        });

        assertThatThrownBy(() -> FaultyPlanner.plan(courier, detaching, queue, REDELIVER))
                .hasMessageContaining("does not exist");

        courier.execute("ATTACH TABLE {logs}.access_logs");
        assertCaughtUp();
    }

    @Test
    void aPlannerThatIsAnsweredByTwoServersDecidesNothing() {
        insert("early", 0);
        ClickHouse balanced = asked("parts.sql", statement -> statement.replace("serverUUID()", "generateUUIDv4()"));

        assertThatThrownBy(() -> FaultyPlanner.plan(courier, balanced, queue, REDELIVER))
                .isInstanceOf(RetryableException.class)
                .hasMessageContaining("on two servers at once");

        assertThat(courier.number("SELECT max(epoch) FROM {ledger}.epochs")).isZero();
        assertCaughtUp();
    }

    /** The same server, but for one statement. */
    private ClickHouse asked(String name, UnaryOperator<Statement> change) {
        return new Replica(Long.MAX_VALUE, false) {
            @Override
            public InputStream query(Statement statement, String format) {
                return super.query(statement.name().equals(name) ? change.apply(statement) : statement, format);
            }
        };
    }

    /** When the replica has everything, all rows are delivered, each once. */
    private void assertCaughtUp() {
        insert("later", 0);
        courier.flush();
        courier.drain();
        assertThat(courier.assertDelivered("caught up", rows).isWell()).isTrue();
        assertThat(courier.books().balance().lost()).isZero();
    }

    private void insert(String bucket, int hoursAgo) {
        List<LogRow> batch = IntStream.range(0, 10)
                .mapToObj(i -> LogRow.of(bucket, bucket + "-" + i, courier.target())
                        .with("insertedAt", Installation.hoursAgo(hoursAgo)))
                .toList();
        courier.insert(batch);
        rows.addAll(batch);
    }

    private void serve(ClickHouse replica, int times) {
        try (WorkerHandler worker = ports.worker(replica, Faults.none(), target -> false)) {
            for (int time = 0; time < times; time++) {
                assertThat(courier.serve(worker)).isTrue();
            }
        }
    }

    /** The same server as a replica that has the blocks up to a number; the ledger's tables are complete. */
    private class Replica implements ClickHouse {
        private final ClickHouse real = courier.clickHouse();
        private final long high;
        private final boolean knows;

        /** Has what is there now. */
        Replica(boolean knows) {
            this(
                    courier.number("SELECT max(max_block_number) FROM system.parts"
                            + " WHERE database = '{logs}' AND table = 'access_logs' AND active"),
                    knows);
        }

        /** {@code knows} is whether it has heard that there is more. */
        Replica(long high, boolean knows) {
            this.high = high;
            this.knows = knows;
        }

        @Override
        public InputStream query(Statement statement, String format) {
            if (statement.name().equals("lagging.sql")) {
                return real.query(Statement.of("SELECT " + (knows ? 1 : 0) + " AS count"), format);
            }
            return real.query(
                    statement
                            .replace(
                                    "FROM {logs:Identifier}.{table:Identifier}",
                                    "FROM (SELECT *, _part, _partition_id, _block_number, _block_offset FROM {logs:Identifier}.{table:Identifier} WHERE _block_number <= %d)"
                                            .formatted(high))
                            .replace(
                                    "FROM system.parts",
                                    "FROM (SELECT * FROM system.parts WHERE max_block_number <= %d)".formatted(high)),
                    format);
        }

        @Override
        public void insert(String table, String format, byte[] lines, Map<String, String> settings) {
            real.insert(table, format, lines, settings);
        }

        @Override
        public void close() {}
    }
}
