package io.logcourier.operations;

import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.accesslog.AccessLogTable.Look;
import io.logcourier.accesslog.AccessLogTable.Part;
import io.logcourier.accesslog.Accounting.LeftAlone;
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
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What the log table holds, against what the epochs have claimed of it: every row by the block number that it has itself.
 * Reads the numbers of all rows, a partition at a time; memory is a line per epoch here, and per block in ClickHouse.
 */
final class Stock {
    /** Ticks come every minute: what is in no claim for so long is passed over. */
    private static final Duration UNCLAIMED = Duration.ofMinutes(15);

    /** Planners forget parts that went away; what the newest epoch still knows of them counts. */
    private static final Duration NEVER = Duration.ofDays(3650);

    private final ClickHouse clickHouse;
    private final Lane lane;
    private final Ledger ledger;
    private final AccessLogTable table;

    /** The log table of {@code lane}, which {@code clickHouse} is connected to. */
    Stock(ClickHouse clickHouse, Lane lane) {
        this.clickHouse = clickHouse;
        this.lane = lane;
        ledger = new Ledger(clickHouse, lane);
        table = new AccessLogTable(clickHouse, lane);
    }

    /** Rows that may be in no object, or in two, since their block numbers are not those of one epoch. */
    List<Difference> differences() {
        Head head = ledger.head();
        Look look = table.look();
        if (!look.logTable().equals(head.logTable())) {
            return List.of(new Difference(
                    "the log table of lane %s is %s, the ledger is about %s: it was made anew or renamed, and its block numbers mean nothing here; bring the former one back, or stop the schedule and the workers and run `courier repair`"
                            .formatted(lane.name(), look.logTable(), head.logTable())));
        }
        List<Part> parts = look.parts();
        List<Difference> differences = new ArrayList<>();
        table.account(head, parts, look.highest(), Long.MAX_VALUE / 2, Set.of(), NEVER).leftAlone().stream()
                .map(LeftAlone::text)
                .map(Difference::new)
                .forEach(differences::add);
        differences.addAll(againstSeals(head, parts));
        return differences;
    }

    private List<Difference> againstSeals(Head head, List<Part> parts) {
        record Stored(long epoch, long rows, long oldest, long newest) {}
        long begin = ledger.begin().epoch();
        Map<String, List<BlockRange>> before = before(begin);
        Map<Long, Held> held = new TreeMap<>();
        long unclaimed = 0;
        Instant oldest = Instant.MAX;
        for (String partition : parts.stream().map(Part::partition).distinct().toList()) {
            String ranges = before.getOrDefault(partition, List.of()).stream()
                    .map(range -> "(%d, %d)".formatted(range.low(), range.high()))
                    .collect(Collectors.joining(", "));
            Statement stored = sql("stored.sql")
                    .replace("/* before */", ranges)
                    .with("partition", partition)
                    .setting("max_query_size", Integer.toString(1 << 28));
            for (Stored some : clickHouse.list(stored, Stored.class)) {
                held.merge(some.epoch(), new Held(some.rows(), some.oldest(), some.newest()), Held::plus);
                Instant inserted = Instant.ofEpochSecond(some.oldest());
                if (some.epoch() == 0 && inserted.plus(UNCLAIMED).isBefore(head.now())) {
                    unclaimed += some.rows();
                    oldest = inserted.isBefore(oldest) ? inserted : oldest;
                }
            }
        }
        List<Difference> differences = new ArrayList<>(strangers(held, begin));
        if (unclaimed > 0) {
            differences.add(new Difference(
                    "%s in no claim, the first inserted at %s: run `courier tick`; if that does not claim them, see what it says"
                            .formatted(
                                    Quantity.of(unclaimed, "row of the log table is", "rows of the log table are"),
                                    oldest)));
        }
        return differences;
    }

    /**
     * Rows, and when they were inserted, in seconds since 1970.
     */
    private record Held(long rows, long oldest, long newest) {
        Held plus(Held more) {
            return new Held(rows + more.rows, Math.min(oldest, more.oldest), Math.max(newest, more.newest));
        }
    }

    /**
     * Rows that no epoch can have claimed under their numbers: more than it claimed, or inserted at other times. Seals are read
     * after the rows: what is not sealed yet is no difference.
     */
    private List<Difference> strangers(Map<Long, Held> stored, long begin) {
        record Sealed(long epoch, long rows, long oldest, long newest) {}
        List<Difference> differences = new ArrayList<>();
        for (Sealed sealed : clickHouse.list(sql("sealed.sql").with("begin", begin), Sealed.class)) {
            Held held = stored.get(sealed.epoch());
            if (sealed.epoch() > 0 && held != null && held.rows() > sealed.rows()) {
                differences.add(new Difference(
                        "epoch %d claimed %s, the log table holds %,d under its block numbers: rows came in under numbers of before; stop the schedule and the workers, then run `courier repair`"
                                .formatted(sealed.epoch(), Quantity.of(sealed.rows(), "row"), held.rows())));
            } else if (sealed.epoch() > 0
                    && held != null
                    && (held.newest() > sealed.newest() || held.oldest() < sealed.oldest())) {
                differences.add(new Difference(
                        "epoch %d claimed rows that were inserted from %s to %s, under its block numbers the log table holds some from %s to %s: others came in under numbers of before; stop the schedule and the workers, then run `courier repair`"
                                .formatted(
                                        sealed.epoch(),
                                        Instant.ofEpochSecond(sealed.oldest()),
                                        Instant.ofEpochSecond(sealed.newest()),
                                        Instant.ofEpochSecond(held.oldest()),
                                        Instant.ofEpochSecond(held.newest()))));
            }
        }
        return differences;
    }

    /** What was claimed before the first epoch that the books hold, by partition. */
    private Map<String, List<BlockRange>> before(long begin) {
        record First(List<BlockRange> claims, List<BlockRange> frontier) {}
        return clickHouse.one(sql("before.sql").with("begin", begin), First.class).stream()
                .flatMap(first -> first.frontier().stream()
                        .flatMap(range -> BlockRanges.subtract(range, first.claims()).stream()))
                .collect(Collectors.groupingBy(BlockRange::partition));
    }

    private Statement sql(String file) {
        return Statement.resource(Stock.class, file)
                .with("ledger", lane.ledger())
                .with("logs", lane.logs())
                .with("table", lane.table());
    }
}
