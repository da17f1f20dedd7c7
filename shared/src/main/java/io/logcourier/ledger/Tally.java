package io.logcourier.ledger;

import java.time.Instant;

/**
 * What is known about a set of rows before they are read.
 *
 * @param rows how many
 * @param checksum wrapping sum of a 64-bit hash of each row's identity: partition, block, offset, startTime, req_id
 * @param minInserted earliest insertedAt, to the second
 * @param maxInserted latest insertedAt
 * @param minStart earliest startTime, to the millisecond
 * @param maxStart latest startTime
 */
public record Tally(
        long rows, long checksum, Instant minInserted, Instant maxInserted, Instant minStart, Instant maxStart) {
    /** The tally of both sets, which must not overlap. */
    public Tally plus(Tally other) {
        return new Tally(
                rows + other.rows,
                checksum + other.checksum,
                minInserted.isBefore(other.minInserted) ? minInserted : other.minInserted,
                maxInserted.isAfter(other.maxInserted) ? maxInserted : other.maxInserted,
                minStart.isBefore(other.minStart) ? minStart : other.minStart,
                maxStart.isAfter(other.maxStart) ? maxStart : other.maxStart);
    }

    /** Whether rows so many, whose hashes sum up to this, are those of the set. */
    public boolean matches(long foundRows, long foundChecksum) {
        return rows == foundRows && checksum == foundChecksum;
    }
}
