package io.logcourier.operations;

import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.accesslog.AccessLogTable.Part;
import io.logcourier.accesslog.Accounting.Counted;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.clickhouse.Statement;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.BlockRanges;
import io.logcourier.ledger.Head;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.logging.Quantity;
import io.logcourier.operations.Audit.Difference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Rows that nobody has claimed, and that nobody may ever see: about to go by TTL, or set aside in a detached part. Once they
 * are gone no trace of them is left, so they are named before.
 */
final class Unclaimed {
    private static final int NAMED_RANGES = 5;

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final Duration notice;
    private final AccessLogTable table;
    private final Ledger ledger;

    /** Of {@code lane}; rows that go within {@code notice} are about to go. */
    Unclaimed(ClickHouse clickHouse, Lane lane, Duration notice) {
        this.clickHouse = clickHouse;
        this.lane = lane;
        this.notice = notice;
        table = new AccessLogTable(clickHouse, lane);
        ledger = new Ledger(clickHouse, lane);
    }

    /**
     * Rows of a partition that are about to go.
     *
     * @param since when the first of them may go, by ClickHouse's clock
     */
    record Expiring(String partition, long rows, String since) {
        Difference difference() {
            return new Difference("partition %s: %s by TTL from %s on: run discovery, or raise the TTL before"
                    .formatted(
                            partition,
                            Quantity.of(rows, "row is in no epoch, and goes", "rows are in no epoch, and go"),
                            since));
        }
    }

    /** The rows that are in no epoch and about to go, by partition. */
    List<Expiring> expiring() {
        record Ending(String partition, long low, long high, long rows, String name, String since) {
            Part part() {
                return new Part(partition, low, high, rows, name, 0, false, 0);
            }
        }
        List<Ending> endings = clickHouse.list(sql("expiring.sql").with("within", notice.toSeconds()), Ending.class);
        if (endings.isEmpty()) {
            return List.of();
        }
        List<BlockRange> frontier = ledger.head().frontier();
        Map<String, Counted> counted = table.count(
                endings.stream()
                        .map(Ending::part)
                        .filter(part ->
                                !BlockRanges.subtract(part.blocks(), frontier).isEmpty())
                        .toList(),
                frontier);
        List<Expiring> expiring = new ArrayList<>();
        for (Ending ending : endings) {
            long rows = counted.getOrDefault(ending.name(), Counted.NOTHING).unclaimed();
            Expiring last = expiring.isEmpty() ? null : expiring.getLast();
            if (rows > 0 && last != null && last.partition().equals(ending.partition())) {
                String since = last.since().compareTo(ending.since()) < 0 ? last.since() : ending.since();
                expiring.set(expiring.size() - 1, new Expiring(last.partition(), last.rows() + rows, since));
            } else if (rows > 0) {
                expiring.add(new Expiring(ending.partition(), rows, ending.since()));
            }
        }
        return expiring;
    }

    /** A part that was set aside. */
    private record Detached(String partition, long low, long high, String name, String reason) {}

    /** The blocks that an epoch claimed. */
    private record Claim(long epoch, String partition, long low, long high) {
        BlockRange range() {
            return new BlockRange(partition, low, high);
        }
    }

    /** Epochs that are not in objects as a whole. */
    private record Epochs(long fromEpoch, long toEpoch) {
        boolean has(Claim claim) {
            return fromEpoch <= claim.epoch() && claim.epoch() <= toEpoch;
        }
    }

    /** Detached parts of the log table with blocks of which nobody can say that their rows are in objects. */
    List<Difference> detached() {
        Head head = ledger.head();
        Ledger.Begin begin = ledger.begin();
        // What is older than the books was claimed by epochs that they have forgotten.
        List<Detached> parts = clickHouse.list(
                sql("detached.sql")
                        .with(
                                "since",
                                begin.epoch() == 0 ? 0 : begin.plannedAt().getEpochSecond()),
                Detached.class);
        if (parts.isEmpty()) {
            return List.of();
        }
        List<Claim> claims = clickHouse.list(sql("claims.sql"), Claim.class);
        List<Epochs> undelivered = undelivered(head, begin);
        List<BlockRange> claimed = new ArrayList<>(head.frontier());
        claims.forEach(claim -> claimed.add(claim.range()));
        List<BlockRange> waiting = claims.stream()
                .filter(claim -> undelivered.stream().anyMatch(epochs -> epochs.has(claim)))
                .map(Claim::range)
                .toList();
        List<Difference> differences = new ArrayList<>();
        for (Detached part : parts) {
            List<BlockRange> lacking = lacking(new BlockRange(part.partition(), part.low(), part.high()));
            List<BlockRange> unclaimed = lacking.stream()
                    .flatMap(range -> BlockRanges.subtract(range, claimed).stream())
                    .toList();
            List<BlockRange> open = lacking.stream()
                    .flatMap(range -> common(range, waiting).stream())
                    .toList();
            if (!unclaimed.isEmpty() || !open.isEmpty()) {
                differences.add(difference(part, unclaimed, open));
            }
        }
        return differences;
    }

    private List<Epochs> undelivered(Head head, Ledger.Begin begin) {
        return clickHouse.list(
                ledger.pending(Audit.statement("undelivered-epochs.sql"), head).with("begin", begin.epoch()),
                Epochs.class);
    }

    /** The blocks of epochs of which the books say that all rows are in objects, or were adopted. */
    List<BlockRange> delivered() {
        Head head = ledger.head();
        List<Epochs> undelivered = new ArrayList<>(undelivered(head, ledger.begin()));
        ledger.unarrived(head).forEach(epoch -> undelivered.add(new Epochs(epoch.epoch(), epoch.epoch())));
        return BlockRanges.union(clickHouse.list(sql("claims.sql"), Claim.class).stream()
                .filter(claim -> undelivered.stream().noneMatch(epochs -> epochs.has(claim)))
                .map(Claim::range)
                .toList());
    }

    /** The blocks of a range of which the table has no row. */
    private List<BlockRange> lacking(BlockRange range) {
        record There(long block) {}
        List<BlockRange> there =
                clickHouse.list(table.over(sql("blocks-there.sql"), List.of(range)), There.class).stream()
                        .map(some -> new BlockRange(range.partition(), some.block(), some.block()))
                        .toList();
        return BlockRanges.subtract(range, there);
    }

    /** The blocks of {@code range} that are in {@code others} too. */
    static List<BlockRange> common(BlockRange range, List<BlockRange> others) {
        return BlockRanges.subtract(range, BlockRanges.subtract(range, others));
    }

    private static Difference difference(Detached part, List<BlockRange> unclaimed, List<BlockRange> open) {
        List<String> holds = new ArrayList<>();
        if (!unclaimed.isEmpty()) {
            holds.add("blocks " + numbers(unclaimed) + ", which no epoch has claimed");
        }
        if (!open.isEmpty()) {
            holds.add("blocks " + numbers(open) + ", which are claimed and not delivered");
        }
        return new Difference(
                "part %s of partition %s is detached%s and holds %s: do not drop it, its rows may be in no object; nor attach it while ticks run, they may be in one of a former ledger: stop the schedule and the workers, attach it, then run `courier repair`"
                        .formatted(
                                part.name(),
                                part.partition(),
                                part.reason().isEmpty() ? "" : " (" + part.reason() + ")",
                                String.join(", and ", holds)));
    }

    private static String numbers(List<BlockRange> ranges) {
        List<BlockRange> joined = BlockRanges.union(ranges);
        return joined.stream()
                        .limit(NAMED_RANGES)
                        .map(range ->
                                range.low() == range.high() ? "" + range.low() : range.low() + " to " + range.high())
                        .collect(Collectors.joining(", "))
                + (joined.size() > NAMED_RANGES ? ", ..." : "");
    }

    private Statement sql(String file) {
        return Audit.statement(file)
                .with("ledger", lane.ledger())
                .with("logs", lane.logs())
                .with("table", lane.table());
    }
}
