package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.logcourier.ConfigurationException;
import io.logcourier.PoisonMessageException;
import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.discovery.FaultyPlanner;
import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.Ledger.Due;
import io.logcourier.localstack.lambda.Ticks.Answer;
import io.logcourier.message.SqsOrderQueue;
import io.logcourier.message.Tick;
import io.logcourier.operations.AuditReport;
import io.logcourier.operations.Status;
import io.logcourier.schema.NextSchema;
import io.logcourier.schema.Schema;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a tick claims, what is due, and what it refuses to work on. */
class PlanningIT {
    private static final Tick PLAIN = new Tick(Optional.empty(), false, false);
    private static final String DAY = "24h";

    @RegisterExtension
    static final Stack STACK = new Stack();

    @Test
    void aTableThatKeepsRowsForNoLongerThanTheyMayWaitIsRefused() {
        Installation courier = STACK.installation();
        courier.execute("ALTER TABLE {logs}.access_logs MODIFY TTL insertedAt + INTERVAL 6 HOUR");

        assertThatThrownBy(courier::flush)
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("keeps rows for 21600s, and they may wait for 22500s")
                .hasMessageContaining("MODIFY TTL");

        courier.execute("ALTER TABLE {logs}.access_logs MODIFY TTL insertedAt + INTERVAL 1 DAY");
        assertThat(courier.flush().isIdle()).isTrue();
    }

    @Test
    void belowBothThresholdsNothingIsDue() {
        Installation courier =
                STACK.installation(Map.of("discovery.count-threshold", "100", "discovery.time-threshold", DAY));
        courier.insert(rows(courier, "a", 99));

        Answer answer = courier.tick(PLAIN);

        assertThat(answer.epochs()).isOne();
        assertThat(answer.orders()).isZero();
        assertThat(courier.tick(PLAIN).isIdle()).isTrue();
        AuditReport report = courier.audit();
        assertThat(report.balance().pending()).isEqualTo(99);
        assertThat(report.differences()).isEmpty();
    }

    @Test
    void theRowThatReachesTheCountMakesItsGroupDueAndNoOther() {
        Installation courier =
                STACK.installation(Map.of("discovery.count-threshold", "100", "discovery.time-threshold", DAY));
        List<LogRow> due = rows(courier, "due", 100);
        List<LogRow> other = rows(courier, "other", 99);
        courier.insert(due.subList(0, 99));
        courier.insert(other);
        courier.tick(PLAIN);

        courier.insert(due.subList(99, 100));
        assertThat(courier.tick(PLAIN).orders()).isOne();
        courier.drain();

        AuditReport report = courier.assertDelivered("the group that is due", due);
        assertThat(report.balance().pending()).isEqualTo(99);
        courier.insert(rows(courier, "due-later", 5));
        courier.deliver(
                "then the rest",
                Stream.of(due, other, rows(courier, "due-later", 5))
                        .flatMap(List::stream)
                        .toList());
    }

    @Test
    void aRowThatIsPendingForTheTimeThresholdMakesItsGroupDue() {
        Installation courier = STACK.installation(Map.of("discovery.time-threshold", "0.5s"));
        List<LogRow> rows = rows(courier, "old", 3);
        courier.insert(rows);

        Awaitility.await().until(() -> courier.tick(PLAIN).orders() == 1);
        courier.drain();

        courier.assertDelivered("by age", rows);
    }

    @Test
    void whatIsDueBeyondTheRoomOfAStepIsOrderedByLaterOnesTheLongestWaitingFirst() {
        Installation courier =
                STACK.installation(Map.of("discovery.count-threshold", "1000", "discovery.time-threshold", DAY));
        List<LogRow> all = new ArrayList<>();
        for (List<String> buckets : List.of(List.of("c"), List.of("a", "b"), List.of("c", "b", "d"))) {
            buckets.forEach(bucket -> all.addAll(rows(courier, bucket, 3)));
            courier.insert(all.subList(all.size() - 3 * buckets.size(), all.size()));
            courier.tick(PLAIN);
        }

        try (SqsOrderQueue queue = new SqsOrderQueue(courier.settings())) {
            FaultyPlanner.plan(courier, courier.clickHouse(), queue, new Tick(Optional.empty(), true, false));
        }
        courier.drain();

        assertThat(courier.text("SELECT bucket, rows FROM {ledger}.orders ORDER BY epoch, number"))
                .isEqualTo("c\t6\na\t3\nb\t6\nd\t3\n");
        assertThat(courier.number("SELECT uniqExact(epoch) FROM {ledger}.orders"))
                .isEqualTo(4);
        courier.assertDelivered("in four steps", all);
    }

    @Test
    void ordersCollectWholeEpochsUpToTheObjectLimit() {
        Installation courier = STACK.installation(Map.of(
                "discovery.count-threshold", "1000", "discovery.time-threshold", DAY, "discovery.object-limit", "250"));
        List<LogRow> rows = rows(courier, "bucket", 700);
        for (int from = 0; from < rows.size(); from += 100) {
            courier.insert(rows.subList(from, from + 100));
            courier.tick(PLAIN);
        }

        AuditReport report = courier.deliver("epochs of 100, orders of 250", rows);

        assertThat(report.balance().objects()).isEqualTo(4);
        assertThat(courier.number("SELECT max(rows) FROM {ledger}.orders")).isEqualTo(200);
    }

    @Test
    void anEpochBeyondTheObjectLimitIsOneOrder() {
        Installation courier = STACK.installation(Map.of("discovery.object-limit", "10"));
        List<LogRow> rows = rows(courier, "bucket", 50);
        courier.insert(rows);

        assertThat(courier.deliver("one epoch", rows).balance().objects()).isOne();
    }

    @Test
    void mergedPartsBeyondTheEpochLimitAreClaimedBlockByBlock() {
        Installation courier = STACK.installation(Map.of("discovery.epoch-limit", "1000"));
        List<LogRow> rows = new ArrayList<>();
        for (int hour = 0; hour < 3; hour++) {
            List<LogRow> all = rows(courier, "hour-" + hour, 1_600);
            for (int from = 0; from < all.size(); from += 200) {
                String insertedAt = Installation.hoursAgo(hour);
                List<LogRow> block = all.subList(from, from + 200).stream()
                        .map(row -> row.with("insertedAt", insertedAt))
                        .toList();
                courier.insert(block);
                rows.addAll(block);
            }
        }
        courier.execute("OPTIMIZE TABLE {logs}.access_logs FINAL");
        assertThat(
                        courier.number(
                                "SELECT count() FROM system.parts WHERE database = '{logs}' AND table = 'access_logs' AND active"))
                .isEqualTo(3);

        courier.deliver("merged parts", rows);

        assertThat(courier.number("SELECT max(rows) FROM {ledger}.arrivals WHERE kind = 'seal'"))
                .isLessThanOrEqualTo(1_000);
        assertThat(courier.number("SELECT count() FROM {ledger}.arrivals WHERE kind = 'seal'"))
                .isGreaterThanOrEqualTo(5);
    }

    @Test
    void aBlockBeyondTheEpochLimitIsClaimedWhole() {
        Installation courier = STACK.installation(Map.of("discovery.epoch-limit", "10"));
        List<LogRow> rows = rows(courier, "bucket", 100);
        courier.insert(rows);
        courier.insert(rows(courier, "second", 5));

        courier.deliver(
                "a block of 100 rows",
                Stream.of(rows, rows(courier, "second", 5))
                        .flatMap(List::stream)
                        .toList());
    }

    @Test
    void deletedBlocksAtTheEndOfALargePartDoNotStopTheNextPartition() {
        Installation courier = STACK.installation(Map.of("discovery.epoch-limit", "50"));
        List<LogRow> kept = rows(courier, "kept", 100).stream()
                .map(row -> row.with("insertedAt", Installation.hoursAgo(2)))
                .toList();
        List<LogRow> deleted = rows(courier, "deleted", 20).stream()
                .map(row -> row.with("insertedAt", Installation.hoursAgo(2)))
                .toList();
        List<LogRow> later = rows(courier, "later", 30);
        courier.insert(kept);
        courier.deliver("before", kept);
        courier.insert(deleted);
        courier.insert(later);
        courier.execute("OPTIMIZE TABLE {logs}.access_logs FINAL");
        courier.execute(
                "ALTER TABLE {logs}.access_logs DELETE WHERE bucketName = 'deleted' SETTINGS mutations_sync = 2");

        courier.deliver("after", Stream.of(kept, later).flatMap(List::stream).toList());
    }

    @Test
    void numbersThatOtherPartitionsHaveDoNotStopAPartBeyondTheEpochLimit() {
        Installation courier = STACK.installation(Map.of("discovery.epoch-limit", "100"));
        List<LogRow> rows = new ArrayList<>();
        for (int round = 0; round < 6; round++) {
            for (int hour : new int[] {2, 1}) {
                String insertedAt = Installation.hoursAgo(hour);
                List<LogRow> block = rows(courier, "round-%d-hour-%d".formatted(round, hour), 40).stream()
                        .map(row -> row.with("insertedAt", insertedAt))
                        .toList();
                courier.insert(block);
                rows.addAll(block);
            }
        }
        courier.deliver("before the merge", rows);

        courier.execute("OPTIMIZE TABLE {logs}.access_logs FINAL");
        assertThat(courier.flush().isIdle()).as("a merge brings nothing new").isTrue();
        List<LogRow> later = rows(courier, "later", 150);
        courier.insert(later);

        courier.deliver(
                "after the merge", Stream.of(rows, later).flatMap(List::stream).toList());
        courier.execute("OPTIMIZE TABLE {logs}.access_logs FINAL");
        assertThat(courier.flush().isIdle()).as("nor does another").isTrue();
    }

    @Test
    void aTableWhoseNewRowsAreAllDeletedIsPlannedOn() {
        Installation courier = STACK.installation();
        courier.insert(rows(courier, "gone", 20));
        courier.execute("ALTER TABLE {logs}.access_logs DELETE WHERE bucketName = 'gone' SETTINGS mutations_sync = 2");
        courier.flush();
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);

        courier.deliver("after rows that vanished unseen", rows);
    }

    @Test
    void arrivalsThatDoNotSumUpAreNotRecorded() {
        Installation courier = STACK.installation();
        courier.insert(List.of(LogRow.of("cats", "1", courier.target()), LogRow.of("dogs", "2", courier.target())));
        courier.flush();
        Ledger ledger = new Ledger(courier.clickHouse(), courier.lane());
        Statement arrivals = new AccessLogTable(courier.clickHouse(), courier.lane())
                .arrivals(1, Instant.now(), ledger.claims(1, 1));

        assertThat(ledger.deriveArrivals(1, arrivals, rows -> {})).isEqualTo(2);
        assertThatThrownBy(() -> ledger.deriveArrivals(
                        1, arrivals.replace("count() AS rows", "count() + (bucket = 'cats') AS rows"), rows -> {}))
                .isInstanceOf(RetryableException.class)
                .hasMessageContaining(
                        "counted the rows of epoch 1 of lane main as 2 in 1 sums, where one is due, and as 3 in groups");
    }

    /** As a profile with deduplicate_insert = 'disable' has it, or tokens that are forgotten between two planners. */
    @Test
    void whatAnInsertRecordedTwiceCountsOnce() {
        Installation courier = STACK.installation(Map.of("worker.supersede-after", "0.2s"));
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        courier.insert(rows(courier, "short", 2));
        ClickHouse twice = new Repeating(courier.clickHouse(), 2);
        try (SqsOrderQueue queue = new SqsOrderQueue(courier.settings())) {
            FaultyPlanner.plan(courier, twice, queue, new Tick(Optional.empty(), true, false));
            assertThat(courier.number("SELECT count() - uniqExact(*) FROM {ledger}.arrivals"))
                    .isEqualTo(3);
            assertThat(courier.number("SELECT count() - uniqExact(*) FROM {ledger}.orders"))
                    .isEqualTo(2);
            courier.execute(
                    "ALTER TABLE {logs}.access_logs DELETE WHERE req_id = 'short-00001' SETTINGS mutations_sync = 2");
            courier.drain();
            FaultyPlanner.plan(courier, twice, queue, PLAIN);
        }
        courier.drain();

        AuditReport report = courier.assertDelivered(
                "twice",
                Stream.concat(rows.stream(), rows(courier, "short", 1).stream()).toList());
        assertThat(report.balance().claimed()).isEqualTo(12);
        assertThat(report.balance().ordered()).isEqualTo(12);
        assertThat(report.balance().lost()).isOne();
        assertThat(report.lost()).hasSize(1);
        assertThat(courier.deepAudit().rendered().same()).isEqualTo(2);
        assertThat(Status.of(courier.clickHouse(), courier.settings(), "bucket").buckets())
                .singleElement()
                .satisfies(bucket -> assertThat(bucket.delivered()).isEqualTo(10));
        assertThat(courier.flush().isIdle()).isTrue();
    }

    @Test
    void whatWasRecordedTwiceAndNotAlikeStopsTheLaneByName() throws IOException {
        Installation courier = STACK.installation(Map.of("discovery.time-threshold", DAY));
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        courier.tick(PLAIN);
        courier.insert(rows(courier, "later", 1));
        courier.tick(PLAIN);
        courier.execute("INSERT INTO {ledger}.arrivals SELECT * REPLACE (rows + 1 AS rows) FROM {ledger}.arrivals"
                + " WHERE epoch = 1");

        assertThatThrownBy(courier::flush)
                .isInstanceOf(RetryableException.class)
                .hasMessageContaining(
                        "the arrivals of epoch 1 of lane main are recorded more than once, and not alike");
        assertThat(courier.books().differences()).singleElement().satisfies(difference -> assertThat(difference.what())
                .startsWith("epoch 1 has 2 seals"));

        documented(courier, "ALTER TABLE courier.arrivals ");
        courier.deliver(
                "mended",
                Stream.concat(rows.stream(), rows(courier, "later", 1).stream()).toList());
    }

    private static void documented(Installation courier, String statements) throws IOException {
        try (Stream<String> page = Files.lines(Path.of("..", "..", "docs", "clickhouse.md"))) {
            page.map(String::strip)
                    .filter(line -> line.startsWith(statements))
                    .forEach(line -> courier.execute(
                            line.replace("courier.", courier.lane().ledger() + ".")
                                    .replace(" N ", " 1 ")
                                    .replace(";", "")));
        }
    }

    /** Has each INSERT of what is derived more than once, and the server store it as often. */
    private record Repeating(ClickHouse real, int times) implements ClickHouse {
        @Override
        public InputStream query(Statement statement, String format) {
            return real.query(statement, format);
        }

        @Override
        public void execute(Statement statement) {
            real.execute(statement);
        }

        @Override
        public void insert(String table, String format, byte[] lines, Map<String, String> settings) {
            boolean repeats = table.endsWith(".arrivals") || table.endsWith(".orders");
            Map<String, String> all = new HashMap<>(settings);
            all.put("deduplicate_insert", repeats ? "disable" : "enable");
            for (int time = 0; time < (repeats ? times : 1); time++) {
                real.insert(table, format, lines, all);
            }
        }

        @Override
        public void close() {}
    }

    @Test
    void theOrdersOfOneStepAreBoundedByTheirBytesToo() {
        Installation courier = STACK.installation(Map.of("discovery.time-threshold", DAY));
        courier.insert(IntStream.range(0, 20)
                .mapToObj(i -> LogRow.of("bucket-" + i, "r", courier.target())
                        .with("loggingTargetPrefix", "p".repeat(700) + i + "/"))
                .toList());
        courier.tick(PLAIN);
        Ledger ledger = new Ledger(courier.clickHouse(), courier.lane());

        assertThat(ledger.take(ledger.head(), new Due(1, Instant.EPOCH, 100, 10_000))
                        .arrivals())
                .as("orders of 2.4 to 2.6 KB")
                .hasSizeBetween(4, 5);
        assertThat(ledger.take(ledger.head(), new Due(1, Instant.EPOCH, 100, 1 << 20))
                        .arrivals())
                .hasSize(20);
        assertThat(ledger.take(ledger.head(), new Due(1, Instant.EPOCH, 7, 1 << 20))
                        .arrivals())
                .hasSize(7);
    }

    @Test
    void aTableWithColumnsOfOtherTypesIsReportedWithEachOfThem() {
        Installation courier = STACK.installation();
        courier.execute("ALTER TABLE {logs}.access_logs MODIFY COLUMN clientIP Nullable(IPv6),"
                + " MODIFY COLUMN loggingTargetPrefix Nullable(String), DROP COLUMN referer");

        assertThatThrownBy(courier::flush)
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(courier.lane().logs() + ".access_logs")
                .hasMessageContaining("has loggingTargetPrefix as Nullable(String): needed is String, and not Nullable")
                .hasMessageContaining("has clientIP as Nullable(IPv6): needed is String")
                .hasMessageContaining("has no column referer: needed is String");
    }

    /** ClickHouse notes a token before the rows are there: killed in between, it takes every repetition for one. */
    @Test
    void arrivalsThatAreAcknowledgedAndNotThereStopTheLaneUntilTheirTokenIsForgotten() throws IOException {
        Installation courier = STACK.installation(Map.of("discovery.time-threshold", DAY));
        List<LogRow> rows = List.of(LogRow.of("cats", "1", courier.target()));
        courier.insert(rows);
        courier.tick(PLAIN);
        assertThat(courier.number("SELECT count() FROM {ledger}.arrivals")).isEqualTo(2);
        courier.execute("ALTER TABLE {ledger}.arrivals DELETE WHERE true SETTINGS mutations_sync = 2");

        assertThatThrownBy(courier::flush)
                .isInstanceOf(RetryableException.class)
                .hasMessageContaining("acknowledged the arrivals of epoch 1 of lane main and does not have them all");

        documented(courier, "ALTER TABLE courier.arrivals MODIFY SETTING");
        courier.deliver("after the token was forgotten", rows);
    }

    @Test
    void aTableThatDoesNotKeepBlockNumbersIsReportedAndNotUsed() {
        Installation courier = STACK.installation();
        courier.execute("CREATE TABLE {logs}.plain AS {logs}.access_logs ENGINE = MergeTree ORDER BY bucketName"
                + " SETTINGS enable_block_number_column = 0");
        courier.execute("DROP TABLE {logs}.access_logs");
        courier.execute("RENAME TABLE {logs}.plain TO {logs}.access_logs");
        courier.execute("DROP DATABASE {ledger} SYNC");
        String table = courier.lane().logs() + ".access_logs";

        assertThatThrownBy(() -> schema(courier).apply(courier.clickHouse(), false))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(table)
                .hasMessageContaining("ALTER TABLE " + table
                        + " MODIFY SETTING enable_block_number_column = 1, enable_block_offset_column = 1");
        assertThatThrownBy(courier::flush)
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(table);

        courier.execute("ALTER TABLE {logs}.access_logs"
                + " MODIFY SETTING enable_block_number_column = 1, enable_block_offset_column = 1");
        schema(courier).apply(courier.clickHouse(), false);
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        courier.deliver("after the statement that the error names", rows);
    }

    @Test
    void aLogTableThatWasMadeAnewIsNotTakenForTheFormer() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        courier.deliver("before", rows);
        courier.execute("RENAME TABLE {logs}.access_logs TO {logs}.former");
        schema(courier).apply(courier.clickHouse(), false);
        // Their block numbers begin again, below those that were claimed.
        courier.insert(rows(courier, "anew", 10));

        assertThatThrownBy(courier::flush)
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("made anew or renamed")
                .hasMessageContaining("clickhouse.ledger-database");

        courier.execute("EXCHANGE TABLES {logs}.access_logs AND {logs}.former");
        List<LogRow> more = rows(courier, "more", 10);
        courier.insert(more);
        courier.deliver(
                "the former again", Stream.of(rows, more).flatMap(List::stream).toList());
    }

    @Test
    void theSchemaAppliedAgainChangesNothing() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        AuditReport before = courier.deliver("before", rows);
        long ledger =
                courier.number("SELECT cityHash64(any(ledger)) % 1000000007 FROM {ledger}.epochs WHERE epoch = 0");

        schema(courier).apply(courier.clickHouse(), false);
        schema(courier).apply(courier.clickHouse(), false);

        assertThat(courier.audit()).isEqualTo(before);
        assertThat(courier.number("SELECT cityHash64(any(ledger)) % 1000000007 FROM {ledger}.epochs WHERE epoch = 0"))
                .isEqualTo(ledger);
        assertThat(courier.flush().isIdle()).isTrue();
    }

    @Test
    void aMissingLogTableIsReportedWithWhatToDo() {
        Installation courier = STACK.installation();
        courier.execute("DROP TABLE {logs}.access_logs");

        assertThatThrownBy(courier::flush)
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(courier.lane().logs() + ".access_logs")
                .hasMessageContaining("courier schema --apply");
    }

    @Test
    void aTickForAnotherLaneIsPoison() {
        Installation courier = STACK.installation();

        assertThatThrownBy(() -> courier.tick(new Tick(Optional.of("other"), true, false)))
                .isInstanceOf(PoisonMessageException.class)
                .hasMessageContaining("'other'");
    }

    @Test
    void openOrdersAreEnqueuedAgainWhenATickAsksAndFinishedOnesAreNot() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        assertThat(courier.flush().messages()).isOne();
        assertThat(courier.receive(courier.settings().queue().url())).as("lost").hasSize(1);

        assertThat(courier.flush().isIdle()).isTrue();
        assertThat(courier.tick(new Tick(Optional.empty(), false, true)).redelivered())
                .isOne();

        courier.deliver("redelivered", rows);
    }

    @Test
    void aLedgerOfAnotherVersionIsRefusedAndGoesUpAndBack() {
        Installation courier = STACK.installation();
        Schema next = NextSchema.of(courier);
        List<LogRow> rows = rows(courier, "bucket", 30);
        courier.insert(rows.subList(0, 10));
        courier.flush();

        next.apply(courier.clickHouse(), false);

        assertThat(notes(courier)).isOne();
        String other = "the ledger %s of lane main has version %d, this log-courier needs %d: "
                .formatted(courier.lane().ledger(), Ledger.VERSION + 1, Ledger.VERSION);
        for (ThrowingCallable refused : List.<ThrowingCallable>of(
                courier::flush, courier::books, () -> schema(courier).apply(courier.clickHouse(), false))) {
            assertThatThrownBy(refused)
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageStartingWith(other.substring(0, other.indexOf(',')));
        }
        assertThatThrownBy(courier::flush)
                .hasMessageStartingWith(other)
                .hasMessageContaining("--ledger-version " + Ledger.VERSION);
        courier.serve(courier.worker());
        assertThat(courier.number("SELECT count() FROM {ledger}.offsets")).isZero();

        next.changeTo(courier.clickHouse(), Ledger.VERSION);

        assertThat(notes(courier)).isZero();
        courier.insert(rows.subList(10, 20));
        courier.deliver("back again", rows.subList(0, 20));

        // From before versions were recorded.
        courier.execute("TRUNCATE TABLE {ledger}.versions");
        assertThatThrownBy(courier::flush)
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("has version 0")
                .hasMessageContaining("courier schema --apply");
        assertThat(next.apply(courier.clickHouse(), false)).as("started").isFalse();
        assertThat(notes(courier)).isOne();
        assertThatThrownBy(() -> next.changeTo(courier.clickHouse(), Ledger.VERSION + 2))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("version %d is asked for: this log-courier knows 1 to %d"
                        .formatted(Ledger.VERSION + 2, Ledger.VERSION + 1));
        next.changeTo(courier.clickHouse(), Ledger.VERSION);
        assertThat(schema(courier).apply(courier.clickHouse(), false))
                .as("started")
                .isFalse();
        courier.insert(rows.subList(20, 30));
        courier.deliver("up and back", rows);
    }

    /** Version 1 knew nothing of the parts, version 2 of rules that keep rows out. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void aLedgerOfAFormerVersionGoesOn(int version) {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 30);
        courier.insert(rows.subList(0, 10));
        courier.flush();
        schema(courier).changeTo(courier.clickHouse(), version);
        courier.insert(rows.subList(10, 20));

        assertThatThrownBy(courier::flush)
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("has version %d, this log-courier needs %d".formatted(version, Ledger.VERSION))
                .hasMessageContaining("courier schema --apply");
        assertThat(schema(courier).apply(courier.clickHouse(), false))
                .as("started")
                .isFalse();

        courier.deliver("upgraded", rows.subList(0, 20));
        courier.insert(rows.subList(20, 30));
        courier.deliver("gone on", rows);
    }

    @Test
    void theSchemaOfAClusterParsesAndIsReplicatedThroughout() {
        Installation courier = STACK.installation();
        Schema schema = new Schema(courier.lane(), courier.settings().logRetention(), Optional.of("shards-1"));
        List<String> statements =
                schema.statements().stream().map(Statement::sql).toList();

        assertThat(statements).hasSize(14).allSatisfy(sql -> {
            assertThat(parsed(courier, sql)).startsWith("CreateQuery");
            assertThat(sql).contains(" ON CLUSTER `shards-1`").doesNotContain("/*", ":Identifier}", "non_replicated");
        });
        assertThat(schema.text()).isEqualTo(String.join(";\n\n", statements) + ";");
        assertThat(statements)
                .filteredOn(sql -> sql.contains("MergeTree"))
                .hasSize(9)
                .allMatch(sql -> sql.contains(
                        "ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')\n"))
                .filteredOn(sql -> sql.contains("replicated_deduplication_window = 10000"))
                .hasSize(3);
        assertThat(statements.get(1)).contains("TTL insertedAt + toIntervalSecond(259200)\n");
        assertThat(statements.getLast())
                .contains("ENGINE = Distributed('shards-1', %s, access_logs)"
                        .formatted(courier.lane().logs()));
        String settings = Pattern.compile("(?m)^ {4}(\\w+) = ")
                .matcher(schema.text())
                .results()
                .map(setting -> "'" + setting.group(1) + "'")
                .distinct()
                .collect(Collectors.joining(", ", "[", "]"));
        assertThat(courier.number("SELECT count() - length(" + settings + ") FROM system.merge_tree_settings WHERE has("
                        + settings + ", name)"))
                .as("settings that this ClickHouse does not know")
                .isZero();
        assertThatThrownBy(() -> new Schema(courier.lane(), courier.settings().logRetention(), Optional.of("a` b")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("'a` b'");
    }

    /** No roles can be made in the embedded engine: what can be seen is that no table is forgotten. */
    @Test
    void theGrantsOfThePageParseAndNameEveryTableThatTheFunctionsRead() throws IOException {
        Installation courier = STACK.installation();
        Path repository = Path.of("..", "..");
        Matcher block = Pattern.compile("(?m)^ {4}(?:CREATE ROLE|GRANT) [^;]+;")
                .matcher(Files.readString(repository.resolve("docs/clickhouse.md")));
        List<String> grants =
                block.results().map(MatchResult::group).map(String::strip).toList();
        assertThat(grants).hasSizeGreaterThan(8).allSatisfy(sql -> assertThat(
                        parsed(courier, sql.substring(0, sql.length() - 1)))
                .matches("(?s)(GrantQuery|CreateRoleQuery).*"));

        assertThat(grants)
                .filteredOn(sql -> sql.startsWith("GRANT SELECT ON courier.*"))
                .hasSize(3);
        assertThat(grants)
                .filteredOn(sql -> sql.startsWith("GRANT SELECT ON logs.access_logs "))
                .hasSize(3);
        Set<String> asked = new TreeSet<>();
        try (Stream<Path> files = Files.walk(repository.resolve("shared/src/main/resources"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Pattern.compile("system\\.\\w+")
                        .matcher(Files.readString(file))
                        .results()
                        .forEach(table -> asked.add(table.group()));
            }
        }
        // Asked when the schema is applied.
        asked.remove("system.merge_tree_settings");
        assertThat(asked).isNotEmpty().allSatisfy(table -> assertThat(grants)
                .contains("GRANT SELECT ON " + table + " TO courier_discovery;"));
    }

    private static String parsed(Installation courier, String sql) {
        return new String(
                courier.clickHouse().read(Statement.of("EXPLAIN AST " + sql), "TabSeparated"), StandardCharsets.UTF_8);
    }

    private static long notes(Installation courier) {
        return courier.number("SELECT count() FROM system.columns"
                + " WHERE database = '{ledger}' AND table = 'offsets' AND name = 'note'");
    }

    private static Schema schema(Installation courier) {
        return new Schema(courier.lane(), courier.settings().logRetention());
    }

    private static List<LogRow> rows(Installation courier, String bucket, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> LogRow.of(bucket, "%s-%05d".formatted(bucket, i), courier.target()))
                .toList();
    }
}
