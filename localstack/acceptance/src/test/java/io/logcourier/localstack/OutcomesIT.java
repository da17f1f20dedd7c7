package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.ReplayMessage;
import io.logcourier.message.Tick;
import io.logcourier.operations.Audit;
import io.logcourier.operations.Audit.Refused;
import io.logcourier.operations.AuditReport;
import io.logcourier.operations.Status;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.sqs.model.Message;

/** How orders end that cannot be delivered as they were decided, and how they are delivered again. */
class OutcomesIT {
    private static final String AT_ONCE = "0.2s";
    private static final Tick PLAIN = new Tick(Optional.empty(), false, false);

    @RegisterExtension
    static final Stack STACK = new Stack();

    @Test
    void whatIsLeftOfAnOrderThatLostRowsIsDeliveredByAnotherOne() {
        Installation courier = STACK.installation(Map.of("worker.supersede-after", AT_ONCE));
        List<LogRow> some = rows(courier, "some", 20);
        List<LogRow> all = rows(courier, "all", 20);
        List<LogRow> none = rows(courier, "none", 20);
        courier.insert(Stream.of(some, all, none).flatMap(List::stream).toList());
        courier.flush();
        courier.execute("ALTER TABLE {logs}.access_logs DELETE WHERE bucketName = 'all'"
                + " OR bucketName = 'some' AND req_id IN ('some-3', 'some-4') SETTINGS mutations_sync = 2");

        courier.drain();
        courier.tick(PLAIN);
        courier.drain();

        List<LogRow> left = some.stream()
                .filter(row -> !List.of("some-3", "some-4").contains(row.text("req_id")))
                .toList();
        AuditReport report = courier.assertDelivered(
                "what is left", Stream.of(left, none).flatMap(List::stream).toList());
        assertThat(report.balance().lost()).isEqualTo(22);
        assertThat(report.balance().ordered()).isEqualTo(60);
        assertThat(report.balance().open()).isZero();
        assertThat(report.isWell()).isFalse();
        assertThat(report.lost())
                .extracting(Refused::bucket, Refused::rows, Refused::reason)
                .containsExactlyInAnyOrder(
                        tuple("some", 2L, "2 of 20 rows are gone from the log table"),
                        tuple("all", 20L, "20 of 20 rows are gone from the log table"));
        assertThat(report.text()).contains("lost: order 2/0 of bucket all, 20 rows: 20 of 20 rows are gone");
        assertThat(Status.of(courier.clickHouse(), courier.settings(), "some").text(5))
                .contains("2 of 20 rows are gone from the log table");
        assertThat(courier.deadLetters()).isEmpty();
        assertThat(courier.flush().isIdle()).isTrue();

        // As it is between the append of the epoch that decided a replacement and its derivation.
        String last = "(SELECT max(epoch) FROM {ledger}.orders)";
        courier.execute("ALTER TABLE {ledger}.epochs DELETE WHERE epoch > " + last + " SETTINGS mutations_sync = 2");
        courier.execute("ALTER TABLE {ledger}.orders DELETE WHERE epoch = " + last + " SETTINGS mutations_sync = 2");
        AuditReport before = courier.books();
        assertThat(before.balance().lost()).isEqualTo(20);
        assertThat(before.balance().open()).isEqualTo(20);
        assertThat(before.lost()).extracting(Refused::bucket).containsExactly("all");
    }

    /**
     * A row belongs to the group that it arrived in. An UPDATE that changes it is refused by name where it meets an order that
     * is open: nothing is lost, nothing is delivered twice, and once it is taken back all is delivered.
     */
    @Test
    void rowsWhoseTargetIsChangedAfterTheyWereClaimedAreNeitherLostNorDeliveredTwice() {
        Installation courier = STACK.installation(Map.of("worker.supersede-after", AT_ONCE));
        List<String> buckets = List.of(
                "to-none",
                "to-open",
                "delivered-to-open",
                "delivered-to-none",
                "all",
                "swapped",
                "nowhere",
                "untouched");
        List<LogRow> rows = buckets.stream()
                .flatMap(bucket -> Stream.of("a", "b")
                        .flatMap(prefix -> rows(courier, bucket + "-" + prefix, 10).stream()
                                .map(row -> row.with("bucketName", bucket)
                                        .with("loggingTargetPrefix", prefix + "/" + bucket))))
                .toList();
        Predicate<LogRow> early = row -> row.text("loggingTargetPrefix").startsWith("a/delivered");
        courier.insert(rows);
        courier.flush();
        courier.receive(courier.settings().queue().url());
        List<WorkOrder> orders = new Ledger(courier.clickHouse(), courier.lane()).decided(0, 10);
        assertThat(orders).hasSize(16);
        orders.stream()
                .filter(order -> order.group().targetPrefix().startsWith("a/delivered"))
                .forEach(order -> courier.send(
                        OrderMessage.deliver("main", List.of(order)).getFirst().body()));
        courier.drain();
        courier.assertDelivered("before", rows.stream().filter(early).toList());

        courier.execute("ALTER TABLE {logs}.access_logs UPDATE loggingTargetPrefix = multiIf("
                + "bucketName IN ('to-none', 'delivered-to-none') AND endsWith(req_id, '-a-3'), 'new/',"
                + " bucketName IN ('to-open', 'delivered-to-open', 'swapped') AND endsWith(req_id, '-a-3'),"
                + " concat('b/', bucketName),"
                + " bucketName = 'swapped' AND endsWith(req_id, '-b-3'), 'a/swapped',"
                + " bucketName = 'all' AND startsWith(req_id, 'all-a'), 'new/',"
                + " loggingTargetPrefix),"
                + " loggingTargetBucket = if(bucketName = 'nowhere' AND endsWith(req_id, '-a-3'), '', loggingTargetBucket)"
                + " WHERE true SETTINGS mutations_sync = 2");
        courier.tick(new Tick(Optional.empty(), false, true));
        courier.drain();
        courier.tick(PLAIN);
        courier.drain();

        Set<String> touched = Set.of(
                "a/to-none",
                "a/to-open",
                "b/to-open",
                "b/delivered-to-open",
                "a/all",
                "a/swapped",
                "b/swapped",
                "a/nowhere");
        AuditReport report = courier.assertDelivered(
                "changed",
                rows.stream()
                        .filter(row -> !touched.contains(row.text("loggingTargetPrefix")))
                        .toList());
        assertThat(report.isWell()).isFalse();
        assertThat(report.balance().lost()).isZero();
        assertThat(report.balance().open()).isZero();
        assertThat(report.balance().givenUp()).isEqualTo(10L * touched.size());
        assertThat(report.refused()).hasSize(touched.size()).allSatisfy(refused -> assertThat(refused.reason())
                .startsWith("bucket or target of rows was changed in the log table after they were claimed")
                .contains("set loggingTargetBucket, loggingTargetPrefix")
                .contains("`courier replay`"));
        assertThat(report.refused())
                .extracting(Refused::reason)
                .anyMatch(reason -> reason.contains(": 9 rows are there for this order, which takes 10;"))
                .anyMatch(reason -> reason.contains(": 11 rows are there"))
                .anyMatch(reason -> reason.contains(": 0 rows are there"));
        assertThat(Status.of(courier.clickHouse(), courier.settings(), "to-none")
                        .text(5))
                .contains("bucket or target of rows was changed");
        assertThat(courier.tick(PLAIN).isIdle()).isTrue();

        courier.execute("ALTER TABLE {logs}.access_logs UPDATE loggingTargetBucket = '" + courier.target() + "',"
                + " loggingTargetPrefix = concat(if(position(req_id, '-a-') > 0, 'a/', 'b/'), bucketName)"
                + " WHERE true SETTINGS mutations_sync = 2");
        buckets.forEach(bucket -> courier.send(replay(bucket, Optional.empty())));
        courier.drain();
        courier.tick(PLAIN);

        assertThat(courier.assertDelivered("set back", rows).isWell()).isTrue();
    }

    @Test
    void rowsThatAreChangedBeforeTheyAreDeliveredAreDeliveredAsTheyAreThen() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        courier.flush();
        courier.execute("ALTER TABLE {logs}.access_logs UPDATE httpCode = 418 WHERE req_id = 'bucket-3'"
                + " SETTINGS mutations_sync = 2");

        courier.drain();

        List<LogRow> now = rows.stream()
                .map(row -> row.text("req_id").equals("bucket-3") ? row.with("httpCode", 418) : row)
                .toList();
        assertThat(courier.assertDelivered("as they are", now).isWell()).isTrue();
    }

    @Test
    void anObjectThatWasCompletedBeforeItsRowsWentIsDelivered() {
        Installation courier = STACK.installation(Map.of("worker.supersede-after", AT_ONCE));
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        courier.flush();
        List<Message> messages = courier.receive(courier.settings().queue().url());
        messages.forEach(message -> courier.send(message.body()));
        courier.drain();
        courier.execute("ALTER TABLE {ledger}.offsets DELETE WHERE true SETTINGS mutations_sync = 2");
        courier.execute("ALTER TABLE {logs}.access_logs DELETE WHERE true SETTINGS mutations_sync = 2");
        messages.forEach(message -> courier.send(message.body()));

        courier.drain();

        AuditReport report = courier.assertDelivered("completed, not committed", rows);
        assertThat(report.isWell()).isTrue();
        assertThat(courier.number("SELECT count() FROM {ledger}.shortfalls")).isZero();
    }

    @Test
    void anOrderThatLacksRowsWaitsBeforeItIsSuperseded() {
        Installation courier = STACK.installation(Map.of("worker.supersede-after", "1h"));
        courier.insert(rows(courier, "bucket", 10));
        courier.flush();
        String body =
                courier.receive(courier.settings().queue().url()).getFirst().body();
        courier.execute("ALTER TABLE {logs}.access_logs DELETE WHERE req_id = 'bucket-3' SETTINGS mutations_sync = 2");
        for (int times = 1; times <= 3; times++) {
            courier.send(body);
            courier.serveOnce(4);
            courier.tick(PLAIN);
        }

        assertThat(courier.number("SELECT count() FROM {ledger}.shortfalls")).isEqualTo(3);
        assertThat(courier.number("SELECT countIf(finding = 'confirmed') FROM {ledger}.shortfalls"))
                .isZero();
        assertThat(courier.books().balance().open()).isEqualTo(10);
        assertThat(courier.number("SELECT count() FROM {ledger}.orders")).isOne();
    }

    @Test
    void aReplayMakesTheSameObjectsAgain() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 30);
        List<LogRow> other = rows(courier, "other", 5);
        courier.insert(rows.subList(0, 10));
        courier.insert(other);
        courier.flush();
        courier.insert(rows.subList(10, 30));
        List<LogRow> all = Stream.of(rows, other).flatMap(List::stream).toList();
        courier.deliver("first", all);
        Map<String, byte[]> before = courier.objects(courier.target());
        AuditReport books = courier.audit();
        assertThat(courier.deepAudit().rendered()).isEqualTo(new Audit.Rendered(3, 0, 0));
        assertThat(before).hasSize(3);
        // Two are gone, and one is not what was delivered.
        before.keySet().stream().limit(2).forEach(key -> courier.s3()
                .deleteObject(request -> request.bucket(courier.target()).key(key)));
        before.keySet().stream().skip(2).forEach(key -> courier.s3()
                .putObject(request -> request.bucket(courier.target()).key(key), RequestBody.fromString("spoilt")));

        courier.send(replay("bucket", Optional.empty()));
        courier.send(replay("other", Optional.empty()));
        courier.send(replay("nobody", Optional.empty()));
        courier.drain();

        assertThat(courier.objects(courier.target())).containsExactlyEntriesOf(before);
        assertThat(courier.audit()).isEqualTo(books);
        assertThat(courier.deadLetters()).isEmpty();
    }

    @Test
    void aReplayElsewhereMakesCopiesAndLeavesTheBooksAlone() {
        Map<String, String> flags = Map.of("worker.replay-targets", "target-copies/of/");
        Installation courier = STACK.installation(flags);
        courier.s3().createBucket(request -> request.bucket("target-copies"));
        List<LogRow> rows = rows(courier, "bucket", 10).stream()
                .map(row -> row.with("loggingTargetPrefix", "logs/"))
                .toList();
        courier.insert(rows);
        courier.deliver("first", rows);
        AuditReport books = courier.audit();

        courier.send(replay("bucket", Optional.of("target-copies/of/bucket/")));
        courier.send(replay("bucket", Optional.of("target-copies/elsewhere/")));
        courier.drain();

        Map<String, byte[]> expected = new TreeMap<>();
        courier.objects(courier.target())
                .forEach((key, bytes) -> expected.put(key.replaceFirst("^logs/", "of/bucket/"), bytes));
        assertThat(courier.objects("target-copies")).hasSize(1).containsExactlyEntriesOf(expected);
        assertThat(courier.audit()).isEqualTo(books);
        assertThat(courier.deadLetters()).singleElement().satisfies(letter -> {
            assertThat(letter.body()).contains("elsewhere");
            assertThat(letter.messageAttributes().get("reason").stringValue())
                    .contains("worker.replay-targets")
                    .contains("target-copies/of/");
        });
    }

    @Test
    void aCopyOfAnOrderThatLacksRowsTellsNothingOfTheOrder() {
        Installation courier =
                STACK.installation(Map.of("worker.replay-targets", "copies-only/", "worker.supersede-after", "1h"));
        courier.s3().createBucket(request -> request.bucket("copies-only"));
        courier.insert(rows(courier, "bucket", 10).stream()
                .map(row -> row.with("loggingTargetBucket", "made-after-loss"))
                .toList());
        courier.flush();
        courier.drain();
        String letter = courier.deadLetters().getFirst().body();
        courier.send(replay("bucket", Optional.of("copies-only/")));
        courier.drain();
        courier.execute("ALTER TABLE {logs}.access_logs DELETE WHERE req_id = 'bucket-3' SETTINGS mutations_sync = 2");
        courier.s3().createBucket(request -> request.bucket("made-after-loss"));
        courier.send(letter);
        courier.serveOnce(4);
        assertThat(courier.number("SELECT count() FROM {ledger}.shortfalls")).isOne();

        courier.send(replay("bucket", Optional.of("copies-only/")));
        courier.serveOnce(1);
        courier.serveOnce(1);

        assertThat(courier.number("SELECT count() FROM {ledger}.offsets WHERE outcome = 'delivered'"))
                .isZero();
        assertThat(courier.number("SELECT count() FROM {ledger}.shortfalls")).isOne();
    }

    @Test
    void manyOrdersWithoutARowLeftAreSettledInOneTick() {
        Installation courier = STACK.installation(Map.of("worker.supersede-after", "0.001s"));
        courier.insert(IntStream.range(0, 45)
                .boxed()
                .flatMap(bucket -> rows(courier, "bucket-" + bucket, 1).stream())
                .toList());
        courier.flush();
        courier.execute("TRUNCATE TABLE {logs}.access_logs");
        courier.drain();

        courier.tick(PLAIN);

        assertThat(courier.books().balance().lost()).isEqualTo(45);
        assertThat(courier.books().balance().open()).isZero();
    }

    @Test
    void manyOrdersAreGivenUpInOneInsert() {
        Installation courier = STACK.installation();
        courier.execute("SYSTEM STOP MERGES {ledger}.offsets");
        courier.insert(IntStream.range(0, 45)
                .boxed()
                .flatMap(bucket -> rows(courier, "bucket-" + bucket, 1).stream())
                .map(row -> row.with("loggingTargetBucket", "never-made"))
                .toList());
        courier.flush();
        courier.drain();

        assertThat(courier.deadLetters()).hasSize(45);
        assertThat(courier.books().balance().givenUp()).isEqualTo(45);
        assertThat(courier.number("SELECT uniqExact(_block_number) FROM {ledger}.offsets"))
                .isOne();
    }

    @Test
    void aReplayReopensWhatWasGivenUp() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 10).stream()
                .map(row -> row.with("loggingTargetBucket", "made-later"))
                .toList();
        courier.insert(rows);
        courier.flush();
        courier.drain();
        assertThat(courier.books().balance().givenUp()).isEqualTo(10);
        courier.s3().createBucket(request -> request.bucket("made-later"));

        courier.send(replay("bucket", Optional.empty()));
        courier.drain();

        AuditReport report = courier.audit();
        assertThat(report.isWell()).isTrue();
        assertThat(report.balance().delivered()).isEqualTo(10);
        assertThat(report.balance().givenUp()).isZero();
    }

    @Test
    void aReplayOfRowsThatAreGoneSaysHowManyAreLeftAndChangesNothing() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        courier.deliver("first", rows);
        AuditReport books = courier.audit();
        courier.execute("ALTER TABLE {logs}.access_logs DELETE WHERE req_id = 'bucket-3' SETTINGS mutations_sync = 2");

        courier.send(replay("bucket", Optional.empty()));
        courier.drain();

        AuditReport after = courier.audit();
        assertThat(after.balance().delivered()).isEqualTo(books.balance().delivered());
        assertThat(after.differences()).isEmpty();
        assertThat(after.missing()).isEmpty();
        assertThat(courier.deadLetters()).singleElement().satisfies(letter -> assertThat(
                        letter.messageAttributes().get("reason").stringValue())
                .contains("takes 10 rows")
                .contains("ClickHouse returned 9"));
    }

    @Test
    void aReplayOfRowsThatWereChangedDoesNotOverwriteTheObject() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, "bucket", 10);
        courier.insert(rows);
        courier.deliver("first", rows);
        Map<String, byte[]> before = courier.objects(courier.target());
        courier.execute("ALTER TABLE {logs}.access_logs UPDATE httpCode = 418 WHERE req_id = 'bucket-3'"
                + " SETTINGS mutations_sync = 2");

        courier.send(replay("bucket", Optional.empty()));
        courier.drain();

        assertThat(courier.objects(courier.target())).containsExactlyEntriesOf(before);
        assertThat(courier.deadLetters()).singleElement().satisfies(letter -> assertThat(
                        letter.messageAttributes().get("reason").stringValue())
                .contains("they were changed since"));
    }

    @Test
    void ordersDeliveredAndReplayedAtOnceDisturbNobody() {
        Installation courier = STACK.installation();
        List<LogRow> rows = IntStream.range(0, 20)
                .boxed()
                .flatMap(bucket -> rows(courier, "bucket-" + bucket, 10).stream())
                .toList();
        courier.insert(rows);
        courier.flush();
        for (int bucket = 0; bucket < 20; bucket++) {
            courier.send(replay("bucket-" + bucket, Optional.empty()));
        }
        courier.drain();

        AuditReport report = courier.assertDelivered("at once", rows);
        assertThat(report.isWell()).isTrue();
        assertThat(report.balance().objects()).isEqualTo(20);
        assertThat(courier.deadLetters()).isEmpty();
    }

    private static String replay(String bucket, Optional<String> target) {
        return new ReplayMessage(
                        OrderMessage.VERSION,
                        "main",
                        bucket,
                        Instant.EPOCH,
                        Instant.now().plusSeconds(3600),
                        target)
                .body();
    }

    private static List<LogRow> rows(Installation courier, String bucket, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> LogRow.of(bucket, bucket + "-" + i, courier.target()))
                .toList();
    }
}
