package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.operations.AuditReport;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every operation that ClickHouse has for parts, in every state of the rows: after it each visible row is in one object, or the
 * audit fails, names the partition and what to do, and doing that has each row in one object.
 */
class PartsIT {
    @RegisterExtension
    static final Stack STACK = new Stack();

    /** How far the rows are when it happens. */
    enum State {
        UNCLAIMED,
        CLAIMED,
        ORDERED,
        DELIVERED
    }

    /** What an operator does to the first half of the rows; PARTITION and PART are filled in. */
    enum Operation {
        DETACH_AND_ATTACH_PARTITION(
                "ALTER TABLE {logs}.access_logs DETACH PARTITION ID 'PARTITION'",
                "ALTER TABLE {logs}.access_logs ATTACH PARTITION ID 'PARTITION'"),
        DETACH_AND_ATTACH_PART(
                "ALTER TABLE {logs}.access_logs DETACH PART 'PART'", "ALTER TABLE {logs}.access_logs ATTACH PART 'PART'"),
        ATTACH_COPY(
                "CREATE TABLE {logs}.other AS {logs}.access_logs",
                "ALTER TABLE {logs}.other ATTACH PARTITION ID 'PARTITION' FROM {logs}.access_logs",
                "ALTER TABLE {logs}.access_logs ATTACH PARTITION ID 'PARTITION' FROM {logs}.other"),
        MOVE_AWAY_AND_BACK(
                "CREATE TABLE {logs}.other AS {logs}.access_logs",
                "ALTER TABLE {logs}.access_logs MOVE PARTITION ID 'PARTITION' TO TABLE {logs}.other",
                "ALTER TABLE {logs}.other MOVE PARTITION ID 'PARTITION' TO TABLE {logs}.access_logs"),
        REPLACE_BY_A_COPY(
                "CREATE TABLE {logs}.other AS {logs}.access_logs",
                "ALTER TABLE {logs}.other ATTACH PARTITION ID 'PARTITION' FROM {logs}.access_logs",
                "ALTER TABLE {logs}.access_logs REPLACE PARTITION ID 'PARTITION' FROM {logs}.other"),
        INSERT_SELECT_INTO_OTHER_AND_MOVE(
                "CREATE TABLE {logs}.other AS {logs}.access_logs",
                "INSERT INTO {logs}.other SELECT * REPLACE (concat(req_id, '-new') AS req_id) FROM {logs}.access_logs",
                "OPTIMIZE TABLE {logs}.other FINAL",
                "ALTER TABLE {logs}.other MOVE PARTITION ID 'PARTITION' TO TABLE {logs}.access_logs"),
        DROP_PART("ALTER TABLE {logs}.access_logs DROP PART 'PART'"),
        NUMBERS_OFF_AND_ON(
                "ALTER TABLE {logs}.access_logs RESET SETTING part_minmax_index_columns",
                "ALTER TABLE {logs}.access_logs MODIFY SETTING enable_block_number_column = 0",
                "INSERTION",
                "OPTIMIZE TABLE {logs}.access_logs FINAL",
                "ALTER TABLE {logs}.access_logs MODIFY SETTING enable_block_number_column = 1"),
        MUTATE("ALTER TABLE {logs}.access_logs UPDATE userAgent = 'other' WHERE 1 SETTINGS mutations_sync = 2"),
        OPTIMIZE("OPTIMIZE TABLE {logs}.access_logs FINAL"),
        REATTACH_TABLE("DETACH TABLE {logs}.access_logs SYNC", "ATTACH TABLE {logs}.access_logs");

        private final List<String> statements;

        Operation(String... statements) {
            this.statements = List.of(statements);
        }
    }

    static Stream<Arguments> cases() {
        return Stream.of(Operation.values())
                .flatMap(operation -> Stream.of(State.values())
                        .flatMap(state -> Stream.of(false, true).map(merged -> Arguments.of(operation, state, merged))));
    }

    @ParameterizedTest(name = "{0}, {1}, merged: {2}")
    @MethodSource("cases")
    void everyVisibleRowIsInOneObjectOrNamed(Operation operation, State state, boolean merged) {
        Installation courier = STACK.installation(Map.of("worker.supersede-after", "0.001s"));
        insert(courier, 0);
        insert(courier, 10);
        if (merged) {
            courier.execute("OPTIMIZE TABLE {logs}.access_logs FINAL");
        }
        switch (state) {
            case UNCLAIMED -> {}
            case CLAIMED -> courier.tick(new io.logcourier.message.Tick(java.util.Optional.empty(), false, false));
            case ORDERED -> courier.flush();
            case DELIVERED -> {
                courier.flush();
                courier.drain();
            }
        }
        Map<String, String> names = new HashMap<>();
        names.put("PARTITION", courier.text("SELECT any(partition_id) FROM system.parts WHERE active AND database = '"
                + courier.lane().logs() + "' AND table = 'access_logs'").strip());
        names.put("PART", courier.text("SELECT min(name) FROM system.parts WHERE active AND database = '"
                + courier.lane().logs() + "' AND table = 'access_logs'").strip());
        for (String statement : operation.statements) {
            if (statement.equals("INSERTION")) {
                insert(courier, 20);
                continue;
            }
            courier.execute(statement
                    .replace("PARTITION ID 'PARTITION'", "PARTITION ID '" + names.get("PARTITION") + "'")
                    .replace("'PART'", "'" + names.get("PART") + "'"));
        }
        insert(courier, 30);
        String what = operation + " " + state + " " + merged;
        StringBuilder log = new StringBuilder(what);
        try {
            for (int round = 0; round < 3; round++) {
                log.append(" tick ").append(courier.flush());
                for (int i = 0; i < 4 && courier.serve(courier.worker()); i++) {
                    log.append(" served");
                }
            }
        } catch (RuntimeException e) {
            log.append(" FAILED ").append(e.getMessage());
        }
        AuditReport report = courier.audit();
        List<String> visible = new ArrayList<>(courier.text("SELECT req_id FROM {logs}.access_logs").lines().toList());
        List<String> delivered = new ArrayList<>();
        courier.objects(courier.target()).values().forEach(bytes -> Installation.lines(bytes).forEach(line -> delivered.add(line.split(" ")[6])));
        List<String> missing = new ArrayList<>(visible);
        delivered.forEach(missing::remove);
        List<String> twice = new ArrayList<>(delivered);
        delivered.stream().distinct().forEach(twice::remove);
        log.append("\n   well ").append(report.isWell()).append(" visible ").append(visible.size()).append(" missing ").append(missing.size()).append(" twice ").append(twice.size()).append(" balance ").append(report.balance());
        report.differences().forEach(d -> log.append("\n   D ").append(d.what()));
        System.out.println("@@ " + log);
        assertThat(report.isWell() && (missing.size() + twice.size() > 0)).as(log.toString()).isFalse();
    }

    private static void insert(Installation courier, int from) {
        courier.insert(IntStream.range(from, from + 10)
                .mapToObj(i -> LogRow.of("cats", "r" + i, courier.target()))
                .toList());
    }
}
