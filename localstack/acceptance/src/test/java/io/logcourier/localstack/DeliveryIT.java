package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.amazonaws.services.lambda.runtime.events.SQSBatchResponse;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent.SQSMessage;
import io.logcourier.localstack.lambda.LocalContext;
import io.logcourier.message.OrderMessage;
import io.logcourier.message.Tick;
import io.logcourier.operations.Audit.Refused;
import io.logcourier.operations.Audit.Undeliverable;
import io.logcourier.operations.AuditReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.services.sqs.model.Message;

/** What is delivered, what is not, and what a message may do. */
class DeliveryIT {
    @RegisterExtension
    static final Stack STACK = new Stack();

    @Test
    void aRowOfTenMegabytesIsDeliveredLikeOthers() {
        Installation courier = STACK.installation(Map.of("worker.part-size", "5MiB"));
        List<LogRow> rows = List.of(
                LogRow.of("bucket", "small", courier.target()),
                LogRow.of("bucket", "large", courier.target())
                        .with("userAgent", "a".repeat(5 << 20) + "\n" + "a".repeat(5 << 20)));
        courier.insert(rows);

        courier.flush();
        courier.drain();

        assertThat(Installation.lines(
                        courier.objects(courier.target()).values().iterator().next()))
                .containsExactlyInAnyOrder(rows.get(0).line(), rows.get(1).line());
        assertThat(courier.audit().isWell()).isTrue();
    }

    @Test
    void everyRowIsInExactlyOneObjectByteForByte() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, 20_260_101, 3_000, 12);
        for (int from = 0; from < rows.size(); from += 500) {
            courier.insert(rows.subList(from, from + 500));
        }

        AuditReport report = courier.deliver("seed 20260101", rows);

        assertThat(report.isWell()).isTrue();
        assertThat(report.balance().objects()).isEqualTo(12);
    }

    @Test
    void aSecondTickWithNothingNewDoesNothing() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, 2, 100, 3);
        courier.insert(rows);
        AuditReport first = courier.deliver("first", rows);
        Map<String, byte[]> objects = courier.objects(courier.target());

        assertThat(courier.flush().isIdle()).isTrue();
        assertThat(courier.tick(new Tick(Optional.empty(), false, false)).isIdle())
                .isTrue();
        assertThat(courier.tick(new Tick(Optional.of("main"), true, true)).isIdle())
                .isTrue();
        assertThat(courier.receive(courier.settings().queue().url())).isEmpty();
        courier.drain();

        assertThat(courier.audit()).isEqualTo(first);
        assertThat(courier.objects(courier.target())).containsExactlyEntriesOf(objects);
        assertThat(courier.number("SELECT count() FROM {ledger}.offsets"))
                .isEqualTo(first.balance().objects());
    }

    @Test
    void anEmptyTableIsNothingToDo() {
        Installation courier = STACK.installation();

        assertThat(courier.flush().isIdle()).isTrue();
        assertThat(courier.audit().isWell()).isTrue();
    }

    @Test
    void rowsWithTheSameTimesAndRequestIdAreALineEach() {
        Installation courier = STACK.installation();
        LogRow twin = LogRow.of("twins", "REQ-1", courier.target()).with("insertedAt", Installation.hoursAgo(1));
        List<LogRow> rows = List.of(twin, twin, twin.with("objectKey", "other"), twin);
        courier.insert(rows);
        courier.insert(twin);

        courier.deliver("twins", Stream.concat(rows.stream(), Stream.of(twin)).toList());
    }

    @Test
    void internalTrafficIsNotStored() {
        Installation courier = STACK.installation();
        LogRow row = LogRow.of("bucket", "REQ-1", courier.target());
        courier.insert(List.of(row, row.with("req_id", "REQ-2").with("loggingEnabled", false)));

        courier.deliver("one of two", List.of(row));
    }

    @Test
    void aMissingTargetBucketCostsOnlyItsOwnOrderAndItsDeadLetterDeliversItLater() {
        Installation courier = STACK.installation();
        String missing = courier.target() + "-missing";
        List<LogRow> rows = rows(courier, 5, 300, 6);
        List<LogRow> lost = IntStream.range(0, 5)
                .mapToObj(i -> LogRow.of("bucket-003", "LOST-" + i, missing))
                .toList();
        courier.insert(Stream.concat(rows.stream(), lost.stream()).toList());

        courier.flush();
        courier.drain();

        AuditReport report = courier.assertDelivered("the others", rows);
        assertThat(report.isWell()).isFalse();
        assertThat(report.balance().givenUp()).isEqualTo(5);
        assertThat(report.balance().open()).isZero();
        assertThat(report.undelivered())
                .hasValueSatisfying(what -> assertThat(what).contains("5 rows were given up"));
        assertThat(report.refused()).hasSize(1);
        Refused refused = report.refused().getFirst();
        assertThat(refused.bucket()).isEqualTo("bucket-003");
        assertThat(refused.targetBucket()).isEqualTo(missing);
        assertThat(refused.rows()).isEqualTo(5);
        assertThat(refused.reason()).startsWith("NoSuchBucket");
        assertThat(report.text()).contains("bucket-003", "NoSuchBucket");
        List<Message> letters = courier.deadLetters();
        assertThat(letters).hasSize(1);
        assertThat(letters.getFirst().messageAttributes().get("reason").stringValue())
                .startsWith("NoSuchBucket");
        assertThat(courier.tick(new Tick(Optional.empty(), true, true)).isIdle())
                .as("what was given up is not sent again by itself")
                .isTrue();

        courier.s3().createBucket(request -> request.bucket(missing));
        courier.send(letters.getFirst().body());
        courier.drain();

        assertThat(courier.objects(missing).values()).singleElement().satisfies(object -> assertThat(
                        Installation.lines(object))
                .containsExactlyElementsOf(lost.stream().map(LogRow::line).toList()));
        AuditReport mended = courier.audit();
        assertThat(mended.isWell()).isTrue();
        assertThat(mended.undelivered()).isEmpty();
    }

    @Test
    void targetsThatNoBucketCanBeCalledAreUndeliverableAKeyThatIsTooLongIsGivenUpAndTheOthersAreDelivered() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, 6, 50, 2);
        List<String> targets = List.of(
                "a", "UPPER_case!!", "with space", "../up", "a/b", "ctrl\u0001", "\uD83D\uDE80", "x".repeat(300));
        List<LogRow> bad = targets.stream()
                .map(target -> LogRow.of("source", "BAD-" + targets.indexOf(target), target))
                .toList();
        LogRow longKey = LogRow.of("source", "LONG", courier.target()).with("loggingTargetPrefix", "p".repeat(1100));
        courier.insert(
                Stream.of(rows, bad, List.of(longKey)).flatMap(List::stream).toList());

        courier.flush();
        courier.drain();

        AuditReport report = courier.assertDelivered("the others", rows);
        assertThat(report.balance().open()).isZero();
        assertThat(report.balance().undeliverable()).isEqualTo(bad.size());
        assertThat(report.undeliverable())
                .extracting(Undeliverable::targetBucket, Undeliverable::reason)
                .containsExactlyInAnyOrderElementsOf(targets.stream()
                        .map(target -> tuple(target, "no bucket can be called so"))
                        .toList());
        assertThat(report.balance().givenUp()).isEqualTo(1);
        assertThat(courier.deadLetters()).singleElement().satisfies(letter -> assertThat(letter.messageAttributes())
                .containsKey("reason"));
    }

    @Test
    void rowsThatNameNoBucketOrTargetAreCountedAndNotInTheWay() {
        Installation courier = STACK.installation();
        LogRow row = LogRow.of("bucket", "UNDELIVERABLE", courier.target());
        byte[] notUtf8 = {'b', (byte) 0xff, 'c'};
        List<LogRow> undeliverable = List.of(
                row.with("bucketName", ""),
                row.without("bucketName"),
                row.with("loggingTargetBucket", ""),
                row.without("loggingTargetBucket"),
                row.with("bucketName", notUtf8),
                row.with("loggingTargetBucket", notUtf8),
                row.with("loggingTargetPrefix", notUtf8));
        List<LogRow> rows = rows(courier, 7, 100, 3);
        courier.insert(undeliverable.subList(0, 4));
        courier.insert(rows);
        courier.flush();
        courier.insert(undeliverable.subList(4, undeliverable.size()));

        courier.flush();
        courier.drain();

        AuditReport report = courier.assertDelivered("the others", rows);
        assertThat(report.balance().undeliverable()).isEqualTo(undeliverable.size());
        assertThat(report.balance().open() + report.balance().pending()).isZero();
        assertThat(report.undelivered())
                .hasValue("7 rows are undeliverable (no bucket, no target, or one that no bucket can be called)");
        assertThat(report.undeliverable()).contains(new Undeliverable("bucket", "", 2, "no loggingTargetBucket"));
        assertThat(courier.flush().isIdle()).isTrue();
    }

    @Test
    void anEmptyPrefixAndAHostileOneAreUsedAsTheyAre() {
        Installation courier = STACK.installation();
        List<String> prefixes = List.of(
                "", "no-slash", "with space/", "\u00fc\uD83D\uDE80/", "%2F/", "a+b&c=d?e#f/", "'quote\"/", "tab\t/");
        List<LogRow> rows = IntStream.range(0, prefixes.size())
                .mapToObj(i ->
                        LogRow.of("bucket", "REQ-" + i, courier.target()).with("loggingTargetPrefix", prefixes.get(i)))
                .toList();
        courier.insert(rows);

        courier.deliver("prefixes", rows);
    }

    @Test
    void aMessageServedByTwoWorkersAtOnceMakesOneObject() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, 11, 2_000, 5);
        courier.insert(rows);
        courier.flush();
        List<String> bodies = courier.receive(courier.settings().queue().url()).stream()
                .map(Message::body)
                .toList();
        assertThat(bodies).isNotEmpty();

        List<CompletableFuture<SQSBatchResponse>> answers = IntStream.range(0, 4)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> courier.worker()
                        .handleRequest(event(bodies), new LocalContext("worker", Duration.ofMinutes(5)))))
                .toList();

        assertThat(answers).allSatisfy(answer -> assertThat(answer.join().getBatchItemFailures())
                .isEmpty());
        Map<String, byte[]> objects = courier.objects(courier.target());
        AuditReport report = courier.assertDelivered("four at once", rows);
        assertThat(report.isWell()).isTrue();
        assertThat(report.balance().objects()).isEqualTo(5);

        bodies.forEach(courier::send);
        courier.drain();

        assertThat(courier.audit()).isEqualTo(report);
        assertThat(courier.objects(courier.target())).containsExactlyEntriesOf(objects);
    }

    @Test
    void forgedMessagesHarmNothing() {
        Installation courier = STACK.installation();
        List<LogRow> rows = rows(courier, 12, 200, 4);
        courier.insert(rows);
        courier.flush();
        List<String> poison = List.of(
                "{\"type\":\"orders\",\"version\":1,\"lane\":",
                "no JSON at all",
                "x".repeat(200 * 1024),
                "{\"type\":\"orders\",\"version\":99,\"lane\":\"main\",\"epoch\":1,\"first\":0,\"last\":0}",
                OrderMessage.of("main", -1, 0, 0).body(),
                OrderMessage.of("main", 1, 5, 2).body());
        List<String> strangers = List.of(
                OrderMessage.of("main", 1_000_000, 0, 0).body(),
                OrderMessage.of("main", 2, 0, 1_000).body(),
                OrderMessage.of("main", 2, 0, Integer.MAX_VALUE).body(),
                OrderMessage.of("main", Long.MAX_VALUE, 0, 0).body(),
                OrderMessage.of("main'; DROP DATABASE logs; --", 1, 0, 0).body(),
                OrderMessage.of("other", 2, 0, 0).body());
        poison.forEach(courier::send);
        strangers.forEach(courier::send);
        courier.send(new OrderMessage(OrderMessage.VERSION, "main", 2, 0, 1, true, Optional.empty()).body());

        courier.drain();

        AuditReport report = courier.assertDelivered("beside the forged", rows);
        assertThat(report.isWell()).isTrue();
        List<Message> letters = courier.deadLetters();
        assertThat(letters)
                .allSatisfy(letter -> assertThat(letter.messageAttributes()).containsKey("reason"))
                .extracting(Message::body)
                .containsExactlyInAnyOrderElementsOf(
                        Stream.of(poison, strangers).flatMap(List::stream).toList());
    }

    @Test
    void theLargestMessageThatIsNoneEndsInTheDeadLetterQueue() {
        Installation courier = STACK.installation();
        String body = "x".repeat(256 * 1024);
        courier.send(body);
        List<LogRow> rows = rows(courier, 13, 20, 2);
        courier.insert(rows);

        courier.deliver("beside it", rows);

        assertThat(courier.deadLetters()).extracting(Message::body).containsExactly(body);
    }

    @Test
    void anObjectOfManyPartsReadsBackWholeAndLeavesNoUpload() {
        Installation courier =
                STACK.installation(Map.of("worker.part-size", "5MiB", "discovery.object-limit", "1000000"));
        String padding = "p".repeat(1_000);
        List<LogRow> rows = IntStream.range(0, 12_000)
                .mapToObj(i -> LogRow.of("large", "REQ-%06d".formatted(i), courier.target())
                        .with("userAgent", padding + i))
                .toList();
        courier.insert(rows);

        AuditReport report = courier.deliver("many parts", rows);

        assertThat(report.balance().objects()).isOne();
        assertThat(report.balance().bytes()).isGreaterThan(15_000_000);
        assertThat(courier.s3()
                        .listMultipartUploads(request -> request.bucket(courier.target()))
                        .uploads())
                .isEmpty();
    }

    @Test
    void aLargeOrderThatFallsShortLeavesNoUpload() {
        Installation courier = STACK.installation(Map.of("worker.part-size", "5MiB", "worker.supersede-after", "0.2s"));
        String padding = "p".repeat(1_000);
        List<LogRow> rows = rows(courier, 15, 200, 4);
        List<LogRow> parts = IntStream.range(0, 6_000)
                .mapToObj(
                        i -> LogRow.of("parts", "PARTS-" + i, courier.target()).with("userAgent", padding))
                .toList();
        courier.insert(Stream.of(rows, parts).flatMap(List::stream).toList());
        courier.flush();
        courier.execute(
                "ALTER TABLE {logs}.access_logs DELETE WHERE req_id = 'PARTS-5999' SETTINGS mutations_sync = 2");

        courier.drain();

        AuditReport report = courier.assertDelivered("the others", rows);
        assertThat(report.balance().open()).isEqualTo(parts.size());
        assertThat(courier.s3()
                        .listMultipartUploads(request -> request.bucket(courier.target()))
                        .uploads())
                .as("uploads of the order that fell short")
                .isEmpty();

        courier.flush();
        courier.drain();
        courier.assertDelivered(
                "what is left",
                Stream.of(rows, parts.subList(0, 5_999)).flatMap(List::stream).toList());
    }

    /** Random rows of {@code buckets} buckets, each with at least one. */
    private static List<LogRow> rows(Installation courier, long seed, int count, int buckets) {
        Random random = new Random(seed);
        List<LogRow> rows = new ArrayList<>(IntStream.range(0, count)
                .mapToObj(i -> LogRow.random(
                        random,
                        "bucket-%03d".formatted(i < buckets ? i : random.nextInt(buckets)),
                        "%d-%06d".formatted(seed, i),
                        courier.target()))
                .toList());
        Collections.shuffle(rows, random);
        return rows;
    }

    private static SQSEvent event(List<String> bodies) {
        SQSEvent event = new SQSEvent();
        event.setRecords(bodies.stream()
                .map(body -> {
                    SQSMessage message = new SQSMessage();
                    message.setMessageId("id-" + bodies.indexOf(body));
                    message.setReceiptHandle("handle");
                    message.setBody(body);
                    message.setAttributes(Map.of("ApproximateReceiveCount", "1"));
                    return message;
                })
                .toList());
        return event;
    }
}
