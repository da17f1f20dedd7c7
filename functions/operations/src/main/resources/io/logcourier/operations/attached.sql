-- Partitions whose blocks up to some claim are all gone while blocks with higher numbers hold rows from before that claim:
-- they were detached and attached again, which gives their blocks new numbers, and delivers their rows again. Parts know
-- their rows' times, so nothing is scanned. The ten minutes are for rows that are inserted late. Where a partition was
-- claimed by several epochs, TTL drops the parts of the first ones first: a claim whose oldest rows may have expired by now,
-- going by how long those that are left are kept, says nothing.
WITH
    live AS
    (
        SELECT
            partition_id AS partition,
            min(min_block_number) AS lowest,
            min(min_time) AS oldest,
            minIf(delete_ttl_info_min, delete_ttl_info_min > toDateTime(0)) AS expires
        FROM system.parts
        WHERE database = {logs:String} AND table = {table:String} AND active AND rows > 0 AND NOT startsWith(partition_id, 'patch-')
        GROUP BY partition
    ),
    gone AS
    (
        SELECT claimed.partition AS partition, low, high, epoch, lowest, oldest, expires
        FROM
        (
            SELECT claim.partition AS partition, claim.low AS low, claim.high AS high, epoch, planned_at AS claimed_at
            FROM {ledger:Identifier}.epochs
            ARRAY JOIN claims AS claim
        ) AS claimed
        INNER JOIN live USING (partition)
        WHERE high < lowest AND oldest > toDateTime(0) AND oldest + toIntervalMinute(10) < claimed_at
    )
SELECT concat(
    'partition ', partition, ' (from ', toString(any(oldest)), '): blocks ', toString(min(low)), ' to ', toString(max(high)), ' were claimed by epoch ',
    arrayStringConcat(arraySort(groupUniqArray(10)(epoch)), ', '), ' and are gone, blocks from ', toString(any(lowest)), ' on hold rows from before that: was it attached again? Its rows are delivered twice then') AS what
FROM gone
LEFT JOIN
(
    SELECT epoch, min_inserted AS first_inserted
    FROM {ledger:Identifier}.arrivals
    WHERE kind = 'seal' AND epoch IN (SELECT epoch FROM gone)
) AS sealed USING (epoch)
WHERE expires = toDateTime(0) OR first_inserted + (expires - oldest) > now()
GROUP BY partition
ORDER BY partition
