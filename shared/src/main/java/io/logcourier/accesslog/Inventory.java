package io.logcourier.accesslog;

import io.logcourier.RetryableException;
import io.logcourier.accesslog.AccessLogTable.Look;
import io.logcourier.accesslog.AccessLogTable.Part;
import io.logcourier.ledger.AccountedPart;
import io.logcourier.ledger.BlockRange;
import io.logcourier.ledger.BlockRanges;
import io.logcourier.ledger.Head;
import io.logcourier.ledger.Ledger;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;

/**
 * All that the log table holds at a moment, for a ledger that starts with it: what its first planner must know, to tell what
 * comes in later under numbers of before.
 *
 * @param look at the table
 * @param numbered its parts by the numbers that their rows have
 * @param blocks all of these
 * @param accounted the parts, once all their rows are claimed
 */
public record Inventory(Look look, List<Part> numbered, List<BlockRange> blocks, List<AccountedPart> accounted) {
    /** A part that is merged while it is counted must be counted anew. */
    private static final int LOOKS = 20;

    /** Parts that went away are not known here. */
    private static final Duration NEVER = Duration.ofDays(3650);

    /**
     * Counts what is there. Reads the numbers of all rows, and the times and ids of all requests.
     *
     * @throws RetryableException if merges replace parts more quickly than they are counted
     */
    public static Inventory of(AccessLogTable table) {
        for (int i = 0; i < LOOKS; i++) {
            Look look = table.look();
            List<Part> numbered = table.numbered(look);
            List<BlockRange> blocks =
                    BlockRanges.union(numbered.stream().map(Part::blocks).toList());
            Accounting accounting = table.account(
                    claimed(look, blocks),
                    look.parts(),
                    look.highest(),
                    Long.MAX_VALUE / 2,
                    // Parts that were left alone are counted however many rows they have.
                    look.parts().stream().map(Part::name).collect(Collectors.toSet()),
                    NEVER);
            if (!accounting.mayBeMore() && accounting.claims().isEmpty()) {
                return new Inventory(look, numbered, blocks, accounting.parts());
            }
        }
        throw new RetryableException(
                "the parts of the log table were merged while they were counted, %d times: run this again when fewer merges are under way"
                        .formatted(LOOKS));
    }

    /** The head of a ledger that has claimed all, and knows nothing of the parts. */
    private static Head claimed(Look look, List<BlockRange> blocks) {
        Instant now = Instant.now();
        return new Head(
                now,
                look.server(),
                0,
                now,
                "",
                "",
                look.logTable(),
                List.of(),
                blocks,
                0,
                0,
                0,
                now,
                0,
                false,
                0,
                look.indexed(),
                List.of(),
                Ledger.VERSION,
                0);
    }
}
