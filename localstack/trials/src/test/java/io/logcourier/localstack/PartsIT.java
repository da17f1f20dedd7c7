package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ConfigurationException;
import io.logcourier.CourierException;
import io.logcourier.discovery.FaultyPlanner;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.message.Tick;
import io.logcourier.operations.Audit;
import io.logcourier.operations.AuditReport;
import io.logcourier.operations.Repair;
import io.logcourier.operations.Repair.Repaired;
import io.logcourier.worker.FaultyPorts;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.services.s3.DelegatingS3Client;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Every operation that ClickHouse has for parts, in every state of the rows. After it either each visible row is in as many
 * objects as it is visible times, which is once, or the audit fails and says what to do, and doing that has it so.
 */
class PartsIT {
    @RegisterExtension
    static final Stack STACK = new Stack();

    private static final Logger log = LoggerFactory.getLogger(PartsIT.class);
    private static final Tick PLAIN = new Tick(Optional.empty(), false, false);
    private static final Tick FLUSH = new Tick(Optional.empty(), true, false);
    private static final Pattern ADVICE = Pattern.compile("ALTER TABLE \\S+ (?:DROP|ATTACH) PART '[^']+'");
    private static final int RANDOM_STEPS = 25;

    /** Than any object. */
    private static final String LATER = "2099-06-01 00:00:00";

    /** Cases are tried in turn, one in so many in a run: {@code -Dfaults.share=1} tries all. */
    private static final int SHARE = Integer.getInteger("faults.share", 32);

    /** The only operation that is tried, in all cases. */
    private static final String ONLY = System.getProperty("parts.operation", "");

    /** How far the rows are when it happens. */
    enum State {
        UNCLAIMED,
        CLAIMED,
        ORDERED,
        DELIVERED
    }

    /** What an operator does; PARTITION is the first partition, PART its first part, LAST the newest; INSERT stands for ten rows more. */
    enum Operation {
        DETACH_AND_ATTACH_PARTITION(
                "ALTER TABLE {logs}.access_logs DETACH PARTITION ID 'PARTITION'",
                "ALTER TABLE {logs}.access_logs ATTACH PARTITION ID 'PARTITION'"),
        DETACH_AND_ATTACH_PART(
                "ALTER TABLE {logs}.access_logs DETACH PART 'PART'",
                "ALTER TABLE {logs}.access_logs ATTACH PART 'PART'"),
        DETACH_WAIT_AND_ATTACH(
                "ALTER TABLE {logs}.access_logs DETACH PART 'PART'",
                "INSERT",
                "TICK",
                "ALTER TABLE {logs}.access_logs ATTACH PART 'PART'"),
        ATTACH_A_COPY(
                "CREATE TABLE {logs}.other AS {logs}.access_logs",
                "ALTER TABLE {logs}.other ATTACH PARTITION ID 'PARTITION' FROM {logs}.access_logs",
                "ALTER TABLE {logs}.access_logs ATTACH PARTITION ID 'PARTITION' FROM {logs}.other",
                "DROP TABLE {logs}.other SYNC"),
        MOVE_AWAY_AND_BACK(
                "CREATE TABLE {logs}.other AS {logs}.access_logs",
                "ALTER TABLE {logs}.access_logs MOVE PARTITION ID 'PARTITION' TO TABLE {logs}.other",
                "ALTER TABLE {logs}.other MOVE PARTITION ID 'PARTITION' TO TABLE {logs}.access_logs",
                "DROP TABLE {logs}.other SYNC"),
        REPLACE_BY_A_COPY(
                "CREATE TABLE {logs}.other AS {logs}.access_logs",
                "ALTER TABLE {logs}.other ATTACH PARTITION ID 'PARTITION' FROM {logs}.access_logs",
                "ALTER TABLE {logs}.access_logs REPLACE PARTITION ID 'PARTITION' FROM {logs}.other",
                "DROP TABLE {logs}.other SYNC"),
        MOVE_OTHER_ROWS_IN(
                "CREATE TABLE {logs}.other AS {logs}.access_logs",
                // At other times: objects of a ledger made anew must not look like those of orders of before.
                "INSERT INTO {logs}.other SELECT * REPLACE (concat(req_id, '-new') AS req_id, startTime + INTERVAL 1 DAY AS startTime) FROM {logs}.access_logs",
                "OPTIMIZE TABLE {logs}.other FINAL",
                "ALTER TABLE {logs}.other MOVE PARTITION ID 'PARTITION' TO TABLE {logs}.access_logs",
                "DROP TABLE {logs}.other SYNC"),
        /** The table begins to count behind the parts that are left. */
        USE_A_NUMBER_TWICE(
                "ALTER TABLE {logs}.access_logs DETACH PART 'LAST'",
                "DETACH TABLE {logs}.access_logs SYNC",
                "ATTACH TABLE {logs}.access_logs",
                "INSERT"),
        USE_A_NUMBER_TWICE_FOR_FEWER_ROWS(
                "ALTER TABLE {logs}.access_logs DETACH PART 'LAST'",
                "DETACH TABLE {logs}.access_logs SYNC",
                "ATTACH TABLE {logs}.access_logs",
                "INSERT A FEW"),
        BEGIN_AGAIN_WITH_FEWER_ROWS(
                "TRUNCATE TABLE {logs}.access_logs SYNC",
                "DETACH TABLE {logs}.access_logs SYNC",
                "ATTACH TABLE {logs}.access_logs",
                "INSERT A FEW"),
        DETACH_ATTACH_AND_MERGE(
                "ALTER TABLE {logs}.access_logs DETACH PART 'PART'",
                "ALTER TABLE {logs}.access_logs ATTACH PART 'PART'",
                "OPTIMIZE TABLE {logs}.access_logs FINAL"),
        RESTORE_WHAT_WAS(
                "BACKUP TABLE {logs}.access_logs TO File('NAME')",
                "TRUNCATE TABLE {logs}.access_logs",
                "RESTORE TABLE {logs}.access_logs FROM File('NAME') SETTINGS allow_non_empty_tables = 1"),
        RESTORE_BESIDE_IT(
                "BACKUP TABLE {logs}.access_logs TO File('NAME')",
                "RESTORE TABLE {logs}.access_logs FROM File('NAME') SETTINGS allow_non_empty_tables = 1"),
        RESTORE_ANEW(
                "BACKUP TABLE {logs}.access_logs TO File('NAME')",
                "DROP TABLE {logs}.access_logs SYNC",
                "RESTORE TABLE {logs}.access_logs FROM File('NAME')"),
        DROP_PART("ALTER TABLE {logs}.access_logs DROP PART 'PART'"),
        NUMBERS_OFF_AND_ON(
                "ALTER TABLE {logs}.access_logs RESET SETTING part_minmax_index_columns",
                "ALTER TABLE {logs}.access_logs MODIFY SETTING enable_block_number_column = 0",
                "INSERT",
                "OPTIMIZE TABLE {logs}.access_logs FINAL",
                "ALTER TABLE {logs}.access_logs MODIFY SETTING enable_block_number_column = 1"),
        UPDATE("ALTER TABLE {logs}.access_logs UPDATE hostname = 'other' WHERE 1 SETTINGS mutations_sync = 2"),
        DELETE("ALTER TABLE {logs}.access_logs DELETE WHERE req_id = 'r1' SETTINGS mutations_sync = 2"),
        OPTIMIZE("OPTIMIZE TABLE {logs}.access_logs FINAL"),
        REATTACH_TABLE("DETACH TABLE {logs}.access_logs SYNC", "ATTACH TABLE {logs}.access_logs");

        // Made by List.of.
        @SuppressWarnings("ImmutableEnumChecker")
        private final List<String> statements;

        Operation(String... statements) {
            this.statements = List.of(statements);
        }
    }

    /** Those after which no row is visible twice: what was delivered twice while it was, stays so when the copies are dropped. */
    private static final List<Operation> ALONE = Stream.of(Operation.values())
            .filter(operation -> operation != Operation.ATTACH_A_COPY && operation != Operation.RESTORE_BESIDE_IT)
            .toList();

    static Stream<Arguments> cases() {
        List<Arguments> all = Stream.of(Operation.values())
                .filter(operation -> ONLY.isEmpty() || operation.name().equals(ONLY))
                .flatMap(operation -> Stream.of(State.values())
                        .flatMap(state -> Stream.of(false, true).flatMap(merged -> Stream.of(false, true)
                                .map(indexed -> Arguments.of(operation, state, merged, indexed)))))
                .toList();
        int share = ONLY.isEmpty() ? SHARE : 1;
        int offset = new Random().nextInt(share);
        return IntStream.range(0, all.size()).filter(i -> i % share == offset).mapToObj(all::get);
    }

    private int rows;
    private int backups;

    @ParameterizedTest(name = "{0}, {1}, merged: {2}, indexed: {3}")
    @MethodSource("cases")
    void everyVisibleRowIsInOneObjectOrNamed(Operation operation, State state, boolean merged, boolean indexed) {
        Installation courier = installation();
        if (!indexed) {
            courier.execute("ALTER TABLE {logs}.access_logs RESET SETTING part_minmax_index_columns");
        }
        insert(courier);
        insert(courier);
        if (merged) {
            courier.execute("OPTIMIZE TABLE {logs}.access_logs FINAL");
        }
        switch (state) {
            case UNCLAIMED -> {}
            case CLAIMED -> tick(courier, PLAIN);
            case ORDERED -> tick(courier, FLUSH);
            case DELIVERED -> settle(courier);
        }

        operate(courier, operation);
        insert(courier);
        settle(courier);

        assertRightOrMended(courier, "%s, %s, merged: %s, indexed: %s".formatted(operation, state, merged, indexed));
    }

    @Test
    void randomOperationsAmongTicksAndWorkers() {
        long seed = Long.getLong("parts.seed", System.nanoTime());
        Random random = new Random(seed);
        Installation courier = installation();
        List<String> done = new ArrayList<>();
        for (int step = 0; step < RANDOM_STEPS; step++) {
            int choice = random.nextInt(10);
            done.add(Integer.toString(choice));
            switch (choice) {
                case 0, 1, 2 -> insert(courier);
                case 3 -> tick(courier, PLAIN);
                case 4 -> tick(courier, FLUSH);
                case 5, 6 -> courier.serve(courier.worker());
                case 7 -> fail(courier, random, true);
                case 8 -> fail(courier, random, false);
                default -> {
                    Operation operation = ALONE.get(random.nextInt(ALONE.size()));
                    done.set(step, operation.name());
                    operate(courier, operation);
                }
            }
        }
        settle(courier);

        assertRightOrMended(courier, "parts.seed=%d: %s".formatted(seed, done));
    }

    private static Installation installation() {
        return STACK.installation(Map.of("worker.supersede-after", "0.001s"));
    }

    /** A second each: objects of a ledger made anew must not look like those of orders of before. */
    private void insert(Installation courier) {
        insert(courier, 10);
    }

    private void insert(Installation courier, int count) {
        int from = rows;
        rows += count;
        courier.insert(IntStream.range(from, rows)
                .mapToObj(i -> LogRow.of("cats", "r" + i, courier.target())
                        .with("startTime", "%d.123".formatted(1_767_225_600L + i)))
                .toList());
    }

    private void operate(Installation courier, Operation operation) {
        String parts = " FROM system.parts WHERE active AND rows > 0 AND table = 'access_logs' AND database = '"
                + courier.lane().logs() + "'";
        String partition = courier.text("SELECT min(partition_id)" + parts).strip();
        String part = courier.text("SELECT argMin(name, (partition_id, min_block_number))" + parts)
                .strip();
        String last =
                courier.text("SELECT argMax(name, max_block_number)" + parts).strip();
        if (partition.isEmpty()) {
            return;
        }
        int backup = backups++;
        for (String statement : operation.statements) {
            switch (statement) {
                case "INSERT" -> insert(courier);
                case "INSERT A FEW" -> insert(courier, 3);
                case "TICK" -> tick(courier, PLAIN);
                default ->
                    courier.execute(statement
                            .replace("ID 'PARTITION'", "ID '" + partition + "'")
                            .replace("'PART'", "'" + part + "'")
                            .replace("'LAST'", "'" + last + "'")
                            .replace("'NAME'", "'" + courier.lane().logs() + "-" + backup + "'"));
            }
        }
    }

    /** A table that was made anew is refused, which the audit says too. */
    private static void tick(Installation courier, Tick tick) {
        try {
            courier.tick(tick);
        } catch (ConfigurationException e) {
            assertThat(e).hasMessageContaining("courier repair");
        }
    }

    /** A tick, or a worker, that is stopped or broken at one of its calls. */
    private static void fail(Installation courier, Random random, boolean isPlanner) {
        try (SqsOrderQueue queue = new SqsOrderQueue(courier.settings());
                FaultyPorts ports = new FaultyPorts(courier.settings(), courier.clickHouse())) {
            if (isPlanner) {
                FaultyPlanner.plan(courier, queue, Faults.ofPlanner(random), FLUSH);
            } else {
                courier.serve(ports.worker(Faults.ofWorker(random)));
            }
        } catch (Faults.Stopped | CourierException e) {
            log.debug("as it was to be", e);
        }
    }

    /** Ticks and serves until nothing happens any more. */
    private static void settle(Installation courier) {
        for (int round = 0; round < 3; round++) {
            tick(courier, FLUSH);
            for (int i = 0; i < 5 && courier.serve(courier.worker()); i++) {
                // Until the queue is empty, or what is left only comes back.
            }
        }
    }

    private static void assertRightOrMended(Installation courier, String what) {
        AuditReport report = audit(courier);
        String description = what + ": " + report.differences();
        if (!report.isWell()) {
            assertThat(report.differences().size() + report.balance().lost())
                    .as(description)
                    .isNotZero();
            mend(courier, description);
            settle(courier);
            AuditReport after = audit(courier);
            assertThat(after.differences()).as(description).isEmpty();
            assertThat(after.isWell()).as(description).isTrue();
            assertThat(after.undelivered()).as(description).isEmpty();
        }
        Map<String, Integer> visible = new TreeMap<>();
        courier.text("SELECT req_id FROM {logs}.access_logs").lines().forEach(id -> visible.merge(id, 1, Integer::sum));
        Map<String, Integer> delivered = new TreeMap<>();
        courier.objects(courier.target()).values().forEach(object -> Installation.lines(object)
                .forEach(line -> delivered.merge(line.split(" ", -1)[6], 1, Integer::sum)));
        delivered.keySet().retainAll(visible.keySet());
        assertThat(delivered).as(description).isEqualTo(visible);
    }

    /** Objects of a former ledger are those of no order. */
    private static AuditReport audit(Installation courier) {
        return new Audit(courier.clickHouse(), courier.settings())
                .report(courier.s3(), courier.settings(), bytes -> {});
    }

    /** As an operator does who follows the advice, one by one. */
    private static void mend(Installation courier, String description) {
        Repair repair = new Repair(courier.clickHouse(), courier.settings());
        for (int copies = 0; copies < 10; copies++) {
            try {
                Repaired repaired = repair.repair(true, Duration.ZERO, courier.s3(), bytes -> {});
                assertThat(repaired.applied()).as(description).isTrue();
                return;
            } catch (ConfigurationException e) {
                Matcher advice = ADVICE.matcher(e.getMessage());
                assertThat(advice.find())
                        .as(description + ": " + e.getMessage())
                        .isTrue();
                courier.execute(advice.group());
            }
        }
        assertThat(description).isEqualTo("mended");
    }

    @Test
    void aRepairThatIsNotAppliedChangesNothing() {
        Installation courier = installation();
        insert(courier);
        settle(courier);
        operate(courier, Operation.DETACH_AND_ATTACH_PARTITION);
        insert(courier);

        Repaired shown = new Repair(courier.clickHouse(), courier.settings())
                .repair(false, Duration.ZERO, courier.s3(), bytes -> {});

        assertThat(shown.applied()).isFalse();
        assertThat(shown.reasons()).singleElement().asString().contains("holds 10 rows under new block numbers");
        assertThat(shown)
                .extracting(Repaired::present, Repaired::inObjects, Repaired::remaining)
                .containsExactly(20L, 10L, 10L);
        assertThat(courier.number("SELECT count() FROM system.databases WHERE startsWith(name, '"
                        + courier.lane().ledger() + "_')"))
                .isZero();
        assertThat(audit(courier).isWell()).isFalse();
    }

    /** Attached behind a repair, its rows would be new to the ledger. */
    @Test
    void aRepairRefusesWhilePartsAreDetached() {
        Installation courier = installation();
        insert(courier);
        insert(courier);
        settle(courier);
        String part = courier.text(
                        "SELECT argMin(name, min_block_number) FROM system.parts WHERE active AND rows > 0 AND table = 'access_logs' AND database = '"
                                + courier.lane().logs() + "'")
                .strip();
        courier.execute("ALTER TABLE {logs}.access_logs DETACH PART '" + part + "'");

        assertThatThrownBy(() -> new Repair(courier.clickHouse(), courier.settings())
                        .repair(true, Duration.ZERO, courier.s3(), bytes -> {}))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("1 parts of the log table "
                        + courier.lane().logs() + ".access_logs are detached (" + part + ")")
                .hasMessageContaining("ATTACH PART '" + part + "'");

        mend(courier, "detached");
        settle(courier);
        assertRightOrMended(courier, "detached, then attached and repaired");
    }

    /** A former ledger knows where it has delivered; what nobody has written there stops nothing. */
    @Test
    void aRepairFindsWhatWasDeliveredWhateverRowsSayNow() throws IOException {
        Installation courier =
                STACK.installation(Map.of("worker.supersede-after", "0.001s", "s3.targets", "target-*,!other-*"));
        List<LogRow> cats = IntStream.range(0, 10)
                .mapToObj(i -> LogRow.of("cats", "r" + rows++, courier.target()).with("insertedAt", LATER))
                .toList();
        courier.insert(cats);
        List<LogRow> others = Stream.of("two words", "tab\tx", "a\"b")
                .map(bucket -> LogRow.of(bucket, "r" + rows++, courier.target()).with("insertedAt", LATER))
                .toList();
        courier.insert(others);
        courier.insert(Stream.of("target-missing", "other-bucket", "no name of a bucket")
                .map(target -> LogRow.of("birds", "r" + rows++, target).with("insertedAt", LATER))
                .toList());
        settle(courier);
        courier.execute(
                "ALTER TABLE {logs}.access_logs UPDATE loggingTargetPrefix = 'new/' WHERE bucketName = 'cats' SETTINGS mutations_sync = 2");
        String key = "logs/cats/2026-11-30-00-00-00-0123456789ABCDEF";
        for (String suffix : List.of(".gz", ".parquet", ".json.zst")) {
            put(courier, key + suffix, "garbage".getBytes(StandardCharsets.UTF_8));
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream line = new GZIPOutputStream(packed)) {
            line.write(new byte[20 << 20]);
        }
        put(courier, "logs/cats/long-2026-11-30-00-00-00-0123456789ABCDEF.gz", packed.toByteArray());

        Repaired shown = show(courier);

        assertThat(shown)
                .extracting(Repaired::present, Repaired::inObjects, Repaired::remaining, Repaired::contradicted)
                .containsExactly(16L, 13L, 2L, 0L);
        assertThat(shown.refused()).isEmpty();
        assertThat(shown.skipped()).hasSize(4).anyMatch(what -> what.contains("a line of more than 16,777,216 bytes"));
        assertThat(shown.isClear()).isTrue();
    }

    private static void put(Installation courier, String key, byte[] bytes) {
        courier.s3().putObject(request -> request.bucket(courier.target()).key(key), RequestBody.fromBytes(bytes));
    }

    private static Repaired show(Installation courier) {
        return new Repair(courier.clickHouse(), courier.settings())
                .repair(false, Duration.ZERO, courier.s3(), bytes -> {});
    }

    @Test
    void aTargetThatRefusesHoldsBackItsOwnRowsAlone() {
        Installation courier = installation();
        String other = courier.target() + "-other";
        courier.s3().createBucket(request -> request.bucket(other));
        insert(courier);
        courier.insert(List.of(LogRow.of("dogs", "d1", other), LogRow.of("dogs", "d2", other)));
        settle(courier);
        courier.insert(LogRow.of("dogs", "d3", other));
        S3Client refusing = new DelegatingS3Client(courier.s3()) {
            @Override
            public <T> T getObject(GetObjectRequest request, ResponseTransformer<GetObjectResponse, T> transformer) {
                if (request.bucket().equals(other)) {
                    throw S3Exception.builder().statusCode(403).message("no").build();
                }
                return super.getObject(request, transformer);
            }
        };
        Repair repair = new Repair(courier.clickHouse(), courier.settings()).forced();

        assertThatThrownBy(() -> repair.repair(true, Duration.ZERO, refusing, bytes -> {}))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("of 3 rows of lane main nobody can say")
                .hasMessageContaining(other + ": cannot read ")
                .hasMessageContaining("--hold-back");
        assertThat(madeBeside(courier)).isZero();
        Repaired held = repair.holdingBack().repair(true, Duration.ZERO, refusing, bytes -> {});

        assertThat(held)
                .extracting(Repaired::applied, Repaired::inObjects, Repaired::unjudged, Repaired::isClear)
                .containsExactly(true, 10L, 3L, false);
        settle(courier);
        assertThat(show(courier))
                .as("d3 was held back and is in no object")
                .extracting(Repaired::inObjects, Repaired::remaining, Repaired::contradicted, Repaired::isClear)
                .containsExactly(12L, 1L, 1L, false);
        assertThatThrownBy(() -> new Repair(courier.clickHouse(), courier.settings())
                        .repair(true, Duration.ZERO, courier.s3(), bytes -> {}))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("1 rows are in no object that they count as delivered");
    }

    private static long madeBeside(Installation courier) {
        return courier.number("SELECT count() FROM system.databases WHERE startsWith(name, '"
                + courier.lane().ledger() + "_repair')");
    }

    @Test
    void whatKilledRunsLeaveIsFinishedOrDropped() {
        Installation courier = installation();
        String ledger = courier.lane().ledger();
        insert(courier);
        settle(courier);
        assertThat(show(courier).needed()).isFalse();
        Repair repair = new Repair(courier.clickHouse(), courier.settings());
        assertThatThrownBy(() -> repair.repair(true, Duration.ZERO, courier.s3(), bytes -> {}))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("there is nothing to repair in lane main");

        // Killed between two RENAMEs.
        String former = repair.forced()
                .repair(true, Duration.ZERO, courier.s3(), bytes -> {})
                .former()
                .orElseThrow();
        String swapping = former.replace("_before_", "_repair_");
        courier.execute("RENAME DATABASE {ledger} TO " + swapping);
        assertThat(show(courier).applied()).isFalse();
        assertThat(madeBeside(courier)).isOne();
        assertThat(repair.repair(true, Duration.ZERO, courier.s3(), bytes -> {}).former())
                .contains(former);

        // Killed before, and the ledger was lost later: what lies beside it is not about rows that came meanwhile.
        courier.execute("RENAME DATABASE {ledger} TO " + ledger + "_repair");
        courier.execute("RENAME DATABASE " + former + " TO {ledger}");
        insert(courier);
        settle(courier);
        courier.execute("DROP DATABASE {ledger}");
        assertThat(show(courier))
                .extracting(Repaired::applied, Repaired::inObjects)
                .containsExactly(false, 20L);
        assertThat(madeBeside(courier)).isZero();
    }

    /** Fewer rows under the numbers of those that were repaired. */
    @Test
    void theFirstTickAfterARepairTakesNothingAsItIs() {
        Installation courier = installation();
        insert(courier);
        insert(courier);
        settle(courier);
        courier.execute("CREATE TABLE {logs}.other AS {logs}.access_logs");
        for (int from : List.of(0, 5)) {
            courier.execute(
                    "INSERT INTO {logs}.other SELECT * REPLACE (concat(req_id, '-new') AS req_id) FROM {logs}.access_logs ORDER BY req_id LIMIT 5 OFFSET "
                            + from);
        }
        courier.execute("OPTIMIZE TABLE {logs}.other FINAL");
        new Repair(courier.clickHouse(), courier.settings())
                .forced()
                .repair(true, Duration.ZERO, courier.s3(), bytes -> {});
        courier.execute("ALTER TABLE {logs}.access_logs REPLACE PARTITION ID '"
                + courier.text("SELECT any(_partition_id) FROM {logs}.other").strip() + "' FROM {logs}.other");

        settle(courier);

        assertRightOrMended(courier, "replaced behind a repair");
    }

    @Test
    void aRepairWaitsUntilWorkersAreStopped() {
        Installation courier = installation();
        insert(courier);
        courier.flush();

        assertThatThrownBy(() -> new Repair(courier.clickHouse(), courier.settings())
                        .repair(true, Duration.ofMinutes(15), courier.s3(), bytes -> {}))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("1 orders of lane main are open");
        courier.drain();
        assertThat(audit(courier).balance().delivered()).isEqualTo(10);
    }
}
