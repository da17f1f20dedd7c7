package io.logcourier.operations;

import io.logcourier.accesslog.AccessLogTable.Part;
import io.logcourier.accesslog.Accounting.Block;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.BlockRanges;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Cuts what an adoption finds into shares of about as many rows as an epoch claims, so that its orders have a bound: an order
 * takes whole epochs. A block is never cut, so a share may be larger where one block is: rows from before the table kept
 * block numbers count as one block for each part.
 */
final class AdoptedShares {
    private final long limit;
    private final List<List<BlockRange>> shares = new ArrayList<>();
    private List<BlockRange> share = new ArrayList<>();
    private long rows;

    private AdoptedShares(long limit) {
        this.limit = limit;
    }

    /**
     * The shares, in the order of {@code parts}: each block of these in one, one share at least.
     *
     * @param parts sorted by partition and block
     * @param sizes the rows of each block of a part, asked for where a part is cut
     * @param limit rows of a share
     * @param most how many shares there may be: the limit is raised where there would be more
     */
    static List<List<BlockRange>> of(List<Part> parts, Function<Part, List<Block>> sizes, long limit, int most) {
        long all = parts.stream().mapToLong(Part::rows).sum();
        // Of two shares that follow each other, at least one limit is in both together.
        AdoptedShares shares = new AdoptedShares(Math.max(limit, 2 * all / (most - 1) + 1));
        for (Part part : parts) {
            shares.add(part, sizes);
        }
        shares.close();
        return shares.shares;
    }

    private void add(Part part, Function<Part, List<Block>> sizes) {
        if (part.rows() <= limit) {
            makeRoomFor(part.rows());
            take(part.blocks(), part.rows());
            return;
        }
        long low = part.low();
        long taken = 0;
        for (Block block : sizes.apply(part)) {
            if (rows + taken > 0 && rows + taken + block.rows() > limit) {
                if (block.number() > low) {
                    take(new BlockRange(part.partition(), low, block.number() - 1), taken);
                    low = block.number();
                }
                close();
                taken = 0;
            }
            taken += block.rows();
        }
        take(new BlockRange(part.partition(), low, part.high()), taken);
    }

    private void makeRoomFor(long more) {
        if (rows > 0 && rows + more > limit) {
            close();
        }
    }

    private void take(BlockRange blocks, long more) {
        share.add(blocks);
        rows += more;
    }

    private void close() {
        if (!share.isEmpty() || shares.isEmpty()) {
            shares.add(BlockRanges.union(share));
        }
        share = new ArrayList<>();
        rows = 0;
    }
}
