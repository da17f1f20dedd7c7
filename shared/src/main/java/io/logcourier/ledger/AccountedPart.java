package io.logcourier.ledger;

/**
 * What an epoch's planner knew of a part of the log table: which of its rows are in claimed blocks. A later planner holds the
 * parts that it finds against these, so that no row slips in under a number that was claimed before.
 *
 * @param partition id of its partition
 * @param low lowest block number in its name
 * @param high highest block number in its name
 * @param id hash of its files; the same where the part is attached again under another name
 * @param rows of it that lie in claimed blocks
 * @param mark sum of hashes of their start times and request ids, wrapping: other rows in the same number have another
 * @param newest when the last of these was inserted, in seconds since 1970
 * @param expires when the first of its rows may be removed by the table's TTL, in seconds since 1970; of one that is gone, when it is forgotten
 * @param whole whether all its rows lie in claimed blocks
 * @param gone whether the part went away before it expired, without another that holds its rows: DROP or DETACH
 */
public record AccountedPart(
        String partition,
        long low,
        long high,
        long id,
        long rows,
        long mark,
        long newest,
        long expires,
        boolean whole,
        boolean gone) {
    /**
     * As this one, after it went away.
     *
     * @param until when it is to be forgotten, in seconds since 1970
     */
    public AccountedPart leave(long until) {
        return new AccountedPart(partition, low, high, id, rows, mark, newest, until, whole, true);
    }
}
