package io.logcourier.localstack;

import static org.assertj.core.api.Assertions.assertThat;

import io.logcourier.operations.AuditReport;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The cases in which a courier loses rows that remembers the last (insertedAt, startTime, req_id) it has delivered. Here
 * each batch is discovered and delivered before the next one becomes visible, which is when a cursor jumps over it.
 */
class IncumbentLossesIT {
    /** A block with rows of {@code stamped} becomes visible after one of now. */
    private void assertDeliveredThoughLate(Instant stamped) {
        Installation courier = STACK.installation();
        List<LogRow> late = rows(courier, "late", ROWS, stamped, 0);
        List<LogRow> early = rows(courier, "early", ROWS, now, 30);

        assertAllDelivered(courier, List.of(early, late));
    }

    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss").withZone(ZoneOffset.UTC);
    private static final int ROWS = 5_000;

    @RegisterExtension
    static final Stack STACK = new Stack();

    private final Instant now = Instant.now().minusSeconds(600);

    @Test
    void aBlockVisibleAfterALaterOneOfTheSameSecond() {
        assertDeliveredThoughLate(now);
    }

    @Test
    void aBlockStampedASecondEarlierAndVisibleLater() {
        assertDeliveredThoughLate(now.minusSeconds(1));
    }

    @Test
    void aBlock66SecondsLate() {
        assertDeliveredThoughLate(now.minusSeconds(66));
    }

    @Test
    void blocksOfTwoNodesWithOverlappingStartTimes() {
        Installation courier = STACK.installation();
        List<LogRow> one = rows(courier, "one", ROWS, now, 0);
        List<LogRow> other = rows(courier, "other", ROWS, now, 0);

        assertAllDelivered(
                courier,
                List.of(
                        one.subList(0, ROWS / 2),
                        other.subList(0, ROWS / 2),
                        other.subList(ROWS / 2, ROWS),
                        one.subList(ROWS / 2, ROWS)));
    }

    @Test
    void aThousandSiblingsOfAMultiDeleteAcrossTheObjectLimit() {
        Installation courier =
                STACK.installation(Map.of("discovery.object-limit", "2000", "discovery.epoch-limit", "500"));
        List<LogRow> before = rows(courier, "before", 1_500, now, 0);
        List<LogRow> siblings = siblings(courier);
        for (int from = 0; from < before.size(); from += 500) {
            courier.insert(before.subList(from, from + 500));
        }
        courier.insert(siblings);

        AuditReport report = courier.deliver(
                "across the limit",
                Stream.of(before, siblings).flatMap(List::stream).toList());

        assertThat(report.balance().objects()).isGreaterThan(1);
        assertThat(report.isWell()).isTrue();
    }

    @Test
    void aMultiDeleteCutIntoTwoInserts() {
        Installation courier = STACK.installation();
        List<LogRow> siblings = siblings(courier);

        assertAllDelivered(courier, List.of(siblings.subList(0, 500), siblings.subList(500, 1_000)));
    }

    /** Each batch is visible only when those before it are delivered. */
    private static void assertAllDelivered(Installation courier, List<List<LogRow>> batches) {
        for (List<LogRow> batch : batches) {
            courier.insert(batch);
            courier.flush();
            courier.drain();
        }
        AuditReport report = courier.assertDelivered(
                "all batches", batches.stream().flatMap(List::stream).toList());
        assertThat(report.isWell()).isTrue();
        assertThat(report.undelivered()).isEmpty();
    }

    /** Requests of one bucket, a millisecond apart, that began so many seconds into a minute. */
    private static List<LogRow> rows(Installation courier, String name, int count, Instant inserted, int second) {
        return IntStream.range(0, count)
                .mapToObj(i -> LogRow.of("bucket", "%s-%05d".formatted(name, i), courier.target())
                        .with("insertedAt", SECOND.format(inserted))
                        .with("startTime", "17672256%02d.%03d".formatted(second + i / 1_000, i % 1_000)))
                .toList();
    }

    /** One request that deletes a thousand objects: a row each, alike in all that a cursor knows. */
    private List<LogRow> siblings(Installation courier) {
        return IntStream.range(0, 1_000)
                .mapToObj(i -> LogRow.of("bucket", "MULTI-DELETE", courier.target())
                        .with("insertedAt", SECOND.format(now))
                        .with("operation", "BATCH.DELETE.OBJECT")
                        .with("objectKey", "key-" + i))
                .toList();
    }
}
