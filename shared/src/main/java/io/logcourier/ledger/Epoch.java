package io.logcourier.ledger;

import java.time.Instant;
import java.util.List;

/**
 * A row of the log: what one step of a planner claimed and decided. Everything else in the ledger follows from these.
 *
 * @param epoch its number; each one is appended once
 * @param plannedAt by ClickHouse's clock
 * @param planner who appended it
 * @param ledger the random id that came with epoch 0
 * @param logTable what the log table is, whatever it is called; block numbers mean nothing in another
 * @param claims the blocks that this epoch claims
 * @param frontier everything claimed so far in the live partitions
 * @param orders decided in this step, for arrivals of earlier epochs
 * @param sourceRegion of these orders
 * @param moreColumns of these orders
 * @param orderedThrough every deliverable arrival up to this epoch is in an order
 * @param sentThrough every order decided up to this epoch was enqueued
 * @param redeliveredAt when open orders were last enqueued again
 * @param openFrom no order decided before this epoch is open
 * @param accounted whether the planner counted the rows of what it claims, and knew the parts of the log table
 * @param claimedRows rows that it counted in the claimed blocks; 0 where it did not
 * @param indexed whether an index of block numbers finds all rows of the claims; that of attached parts does not
 * @param parts what is known of the parts of the log table; empty where nothing is
 */
public record Epoch(
        long epoch,
        Instant plannedAt,
        String planner,
        String ledger,
        String logTable,
        List<BlockRange> claims,
        List<BlockRange> frontier,
        List<WorkOrder> orders,
        String sourceRegion,
        List<String> moreColumns,
        long orderedThrough,
        long sentThrough,
        Instant redeliveredAt,
        long openFrom,
        boolean accounted,
        long claimedRows,
        boolean indexed,
        List<AccountedPart> parts) {}
