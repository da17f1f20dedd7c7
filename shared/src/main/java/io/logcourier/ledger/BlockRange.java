package io.logcourier.ledger;

/**
 * Blocks {@code low} to {@code high}, both included, of one partition. A block is what one INSERT made visible at once;
 * (partition id, block number) names it through every merge.
 */
public record BlockRange(String partition, long low, long high) {
    /** Checks that the range is not empty. */
    public BlockRange {
        if (low > high) {
            throw new IllegalArgumentException(
                    "empty block range in partition " + partition + ": " + low + " to " + high);
        }
    }
}
