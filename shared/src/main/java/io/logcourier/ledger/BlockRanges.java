package io.logcourier.ledger;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Arithmetic on sets of blocks. */
public final class BlockRanges {
    private static final Comparator<BlockRange> ORDER =
            Comparator.comparing(BlockRange::partition).thenComparingLong(BlockRange::low);

    private BlockRanges() {}

    /** The union, sorted by partition and number, with ranges that touch or overlap joined into one. */
    public static List<BlockRange> union(Collection<BlockRange> ranges) {
        List<BlockRange> result = new ArrayList<>();
        ranges.stream().sorted(ORDER).forEach(range -> {
            BlockRange last = result.isEmpty() ? null : result.getLast();
            if (last != null && last.partition().equals(range.partition()) && range.low() <= last.high() + 1) {
                result.removeLast();
                result.add(new BlockRange(last.partition(), last.low(), Math.max(last.high(), range.high())));
            } else {
                result.add(range);
            }
        });
        return result;
    }

    /** The blocks of {@code range} that are in none of {@code taken}, in order. */
    public static List<BlockRange> subtract(BlockRange range, Collection<BlockRange> taken) {
        List<BlockRange> result = new ArrayList<>();
        long next = range.low();
        for (BlockRange hole : union(taken)) {
            if (!hole.partition().equals(range.partition()) || hole.high() < next || hole.low() > range.high()) {
                continue;
            }
            if (hole.low() > next) {
                result.add(new BlockRange(range.partition(), next, hole.low() - 1));
            }
            next = hole.high() + 1;
        }
        if (next <= range.high()) {
            result.add(new BlockRange(range.partition(), next, range.high()));
        }
        return result;
    }
}
