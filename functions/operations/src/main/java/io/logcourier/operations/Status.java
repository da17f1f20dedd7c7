package io.logcourier.operations;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.accesslog.AccessLogTable.Look;
import io.logcourier.accesslog.Accounting;
import io.logcourier.accesslog.Accounting.LeftAlone;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.configuration.Settings;
import io.logcourier.ledger.Head;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.logging.Quantity;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;

/**
 * How a lane stands: the answer of {@code courier status --json}.
 *
 * @param lane which one
 * @param epoch the newest
 * @param plannedAt when it was appended
 * @param unclaimed rows that no epoch has claimed yet
 * @param expiring of the unclaimed ones, those that go by TTL before they would be due
 * @param buckets those that need attention first: given up, lost, then by lag
 * @param leftAlone rows of the log table that planners must leave alone, and what to do; empty when there are none
 */
public record Status(
        String lane,
        long epoch,
        Instant plannedAt,
        long unclaimed,
        long expiring,
        List<Bucket> buckets,
        List<String> leftAlone) {
    /** Characters of a line where nobody knows better. */
    private static final int PAGE = 80;

    /**
     * How a bucket stands, in rows.
     *
     * @param lagSeconds age of the oldest claimed row that is in no object; 0 when there is none
     * @param pending claimed, in no order yet
     * @param due of the pending ones, those that the next tick orders
     * @param open ordered, not delivered yet
     * @param givenUp refused by the target
     * @param lost gone from the log table before they were delivered
     * @param delivered in objects
     * @param lastDelivery when the newest object was committed, if there is one
     * @param reason why the last order that was given up or lost rows ended so; empty if none did
     */
    public record Bucket(
            String bucket,
            long lagSeconds,
            long pending,
            long due,
            long open,
            long givenUp,
            long lost,
            long delivered,
            Instant lastDelivery,
            String reason) {}

    /**
     * Asks the ledger.
     *
     * @param bucket the only one to show; empty shows all
     */
    public static Status of(ClickHouse clickHouse, Settings settings, String bucket) {
        Lane lane = settings.lane();
        Ledger ledger = new Ledger(clickHouse, lane);
        Head head = ledger.head();
        Statement statement = ledger.pending(Audit.statement("status.sql"), head)
                .with("count_threshold", settings.discovery().countThreshold())
                .with(
                        "planned_before",
                        head.now().minus(settings.discovery().timeThreshold()).toEpochMilli())
                .with("bucket", bucket);
        AccessLogTable table = new AccessLogTable(clickHouse, lane);
        Look look = table.look();
        Accounting accounting = table.account(
                head, look.parts(), look.highest(), Long.MAX_VALUE / 2, Set.of(), settings.ledgerRetention());
        long expiring = new Unclaimed(clickHouse, lane, Audit.notice(settings))
                .expiring().stream().mapToLong(Unclaimed.Expiring::rows).sum();
        return new Status(
                lane.name(),
                head.epoch(),
                head.plannedAt(),
                accounting.unclaimedRows(),
                expiring,
                clickHouse.list(statement, Bucket.class),
                accounting.leftAlone().stream().map(LeftAlone::text).toList());
    }

    /** What to do about each trouble. */
    @JsonProperty
    public List<String> advice() {
        return Advice.of(this);
    }

    /** For people, as a page has it: the first {@code top} buckets and a line of sums. */
    public String text(int top) {
        return text(top, PAGE);
    }

    /** The same, in lines of {@code columns} characters where the names allow it. */
    String text(int top, int columns) {
        StringBuilder text = new StringBuilder("lane %s, epoch %d of %s%n".formatted(lane, epoch, plannedAt));
        Table table = new Table(
                List.of("bucket", "lag", "pending", "due", "open", "given up", "lost", "last delivery"),
                Set.of("due", "open", "given up", "lost"));
        for (Bucket bucket : buckets.subList(0, Math.min(top, buckets.size()))) {
            table.add(
                    bucket.bucket(),
                    lag(bucket.lagSeconds()),
                    Table.figure(bucket.pending()),
                    Table.figure(bucket.due()),
                    Table.figure(bucket.open()),
                    Table.figure(bucket.givenUp()),
                    Table.figure(bucket.lost()),
                    bucket.lastDelivery() == null
                            ? "-"
                            : bucket.lastDelivery()
                                    .truncatedTo(ChronoUnit.SECONDS)
                                    .toString());
            if (!bucket.reason().isEmpty()) {
                table.note(bucket.reason());
            }
        }
        text.append(System.lineSeparator()).append(table.text(columns));
        if (buckets.size() > top) {
            text.append(
                    "... and %s (--top N shows more)%n".formatted(Quantity.of(buckets.size() - top, "more bucket")));
        }
        if (expiring > 0) {
            text.append("%n%s by TTL before they are claimed and due%n"
                    .formatted(Quantity.of(expiring, "row goes", "rows go")));
        }
        text.append("%n%s, %s not claimed yet, %,d pending, %,d open, %,d given up, %,d lost"
                .formatted(
                        Quantity.of(buckets.size(), "bucket"),
                        Quantity.of(unclaimed, "row"),
                        buckets.stream().mapToLong(Bucket::pending).sum(),
                        buckets.stream().mapToLong(Bucket::open).sum(),
                        buckets.stream().mapToLong(Bucket::givenUp).sum(),
                        buckets.stream().mapToLong(Bucket::lost).sum()));
        leftAlone.forEach(finding -> text.append("%nleft alone: %s".formatted(finding)));
        return text + Advice.text(advice());
    }

    private static String lag(long seconds) {
        Duration lag = Duration.ofSeconds(seconds);
        if (seconds == 0) {
            return "-";
        }
        return lag.toHours() > 0
                ? "%dh%02dm".formatted(lag.toHours(), lag.toMinutesPart())
                : "%dm%02ds".formatted(lag.toMinutes(), lag.toSecondsPart());
    }
}
