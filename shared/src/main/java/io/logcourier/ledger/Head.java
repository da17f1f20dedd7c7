package io.logcourier.ledger;

import java.time.Instant;
import java.util.List;

/**
 * The newest row of the log, all that a planner needs to go on, read together with ClickHouse's clock. The components
 * are those of {@link Epoch}.
 *
 * @param now ClickHouse's clock at the time of reading
 * @param server who was asked, by its own name and id
 * @param orderCount how many orders the row decided
 * @param version of the ledger's tables
 * @param lagging how many of the planners' tables this replica does not have as a whole
 */
public record Head(
        Instant now,
        String server,
        long epoch,
        Instant plannedAt,
        String planner,
        String ledger,
        String logTable,
        List<BlockRange> claims,
        List<BlockRange> frontier,
        int orderCount,
        long orderedThrough,
        long sentThrough,
        Instant redeliveredAt,
        long openFrom,
        boolean accounted,
        long claimedRows,
        boolean indexed,
        List<AccountedPart> parts,
        int version,
        int lagging) {}
