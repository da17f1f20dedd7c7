package io.logcourier.operations;

import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable;
import io.logcourier.accesslog.AccessLogTable.Query;
import io.logcourier.accesslog.Contents;
import io.logcourier.accesslog.Frames;
import io.logcourier.accesslog.Rendering;
import io.logcourier.clickhouse.ClickHouse;
import io.logcourier.ledger.Claims;
import io.logcourier.ledger.Lane;
import io.logcourier.ledger.Ledger;
import io.logcourier.ledger.Ledger.Standing;
import io.logcourier.ledger.Offset;
import io.logcourier.ledger.Tally;
import io.logcourier.ledger.WorkOrder;
import io.logcourier.message.OrderMessage;
import io.logcourier.operations.Audit.Difference;
import io.logcourier.operations.Audit.Rendered;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.zip.CheckedOutputStream;

/**
 * Renders delivered orders again, as a worker does, and compares rows, checksum and bytes with what was ordered and
 * delivered. Holds one object at a time, and none of its lines.
 */
final class Rerendering {
    private final Lane lane;
    private final Ledger ledger;
    private final AccessLogTable table;

    Rerendering(ClickHouse clickHouse, Lane lane) {
        this.lane = lane;
        ledger = new Ledger(clickHouse, lane);
        table = new AccessLogTable(clickHouse, lane);
    }

    /**
     * Renders the delivered orders of the epochs {@code from} to {@code to}.
     *
     * @param differences takes those whose rows are not those that were ordered
     */
    Rendered render(long from, long to, Consumer<Difference> differences) {
        return OrderMessage.deliver(lane.name(), ledger.decided(from - 1, to)).stream()
                .flatMap(run -> ledger.standing(run.epoch(), run.first(), run.last()).stream()
                        .filter(standing -> standing.outcomes().contains(Offset.Outcome.DELIVERED))
                        .collect(Collectors.groupingBy(standing -> Query.of(standing.order())))
                        .values()
                        .stream())
                .map(together -> render(together, differences))
                .reduce(Rendered.NOTHING, Rendered::plus);
    }

    private Rendered render(List<Standing> delivered, Consumer<Difference> differences) {
        WorkOrder any = delivered.getFirst().order();
        Claims claims = ledger.claims(any.fromEpoch(), any.toEpoch());
        if (Rendering.of(any).isFile()) {
            return tally(claims, delivered, differences);
        }
        List<WorkOrder> orders = delivered.stream().map(Standing::order).toList();
        try (InputStream rendered = table.render(orders, claims)) {
            return compare(delivered, rendered, differences);
        } catch (IOException e) {
            throw new RetryableException("ClickHouse broke off a result: " + e.getMessage(), e);
        }
    }

    /** Compares what {@code frames} hold, which are sorted by order, with what was delivered. */
    static Rendered compare(List<Standing> delivered, InputStream rendered, Consumer<Difference> differences)
            throws IOException {
        Map<Integer, Standing> awaited = new LinkedHashMap<>();
        delivered.forEach(standing -> awaited.put(standing.order().number(), standing));
        Rendered all = Rendered.NOTHING;
        Frames frames = new Frames(rendered);
        frames.next();
        while (!frames.atEnd()) {
            Standing standing = awaited.remove(frames.number());
            if (standing == null) {
                throw new IOException("order " + frames.number() + " is out of place");
            }
            all = all.plus(judge(standing, made(frames, standing.order()), differences));
        }
        return all.plus(new Rendered(0, awaited.size(), 0));
    }

    /** What the rows of an order make now. */
    private record Made(long rows, long checksum, long bytes, long crc32c) {}

    /** Reads the lines of one order; {@code frames} are then at the first one of the next. */
    private static Made made(Frames frames, WorkOrder order) throws IOException {
        Contents.Sum sum = new Contents.Sum();
        long rows = 0;
        long checksum = 0;
        try (OutputStream lines =
                order.compression().compress(new CheckedOutputStream(OutputStream.nullOutputStream(), sum))) {
            Frames.Sink sink = lines::write;
            do {
                rows++;
                checksum += frames.identity();
                frames.line(sink);
            } while (frames.next() && frames.number() == order.number());
        }
        return new Made(rows, checksum, sum.bytes(), sum.getValue());
    }

    private static Rendered judge(Standing standing, Made made, Consumer<Difference> differences) {
        WorkOrder order = standing.order();
        if (made.rows() < order.tally().rows()) {
            return new Rendered(0, 1, 0);
        }
        if (!order.tally().matches(made.rows(), made.checksum())) {
            differences.accept(others(order, made.rows()));
            return Rendered.NOTHING;
        }
        boolean isSame = made.bytes() == standing.deliveredBytes() && made.crc32c() == standing.deliveredCrc32c();
        return isSame ? new Rendered(1, 0, 0) : new Rendered(0, 0, 1);
    }

    /** Of files whose bytes are those of one version of ClickHouse: only their rows are compared. */
    private Rendered tally(Claims claims, List<Standing> delivered, Consumer<Difference> differences) {
        Rendered all = Rendered.NOTHING;
        for (Standing standing : delivered) {
            WorkOrder order = standing.order();
            Tally left = table.tally(order, claims);
            if (left.rows() < order.tally().rows()) {
                all = all.plus(new Rendered(0, 1, 0));
            } else if (order.tally().matches(left.rows(), left.checksum())) {
                all = all.plus(new Rendered(1, 0, 0));
            } else {
                differences.accept(others(order, left.rows()));
            }
        }
        return all;
    }

    private static Difference others(WorkOrder order, long rows) {
        return new Difference(
                "order %s of bucket %s: the %,d rows that are there now are not the %,d that were delivered"
                        .formatted(
                                order.id(),
                                order.group().bucket(),
                                rows,
                                order.tally().rows()));
    }
}
