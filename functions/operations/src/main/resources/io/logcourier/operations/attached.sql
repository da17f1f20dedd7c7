-- Partitions whose claimed blocks are all gone while blocks with higher numbers hold rows from before the claim: they were
-- detached and attached again, which gives their blocks new numbers, and delivers their rows again. Parts know their rows'
-- times, so nothing is scanned. The ten minutes are for rows that are inserted late.
SELECT concat(
    'partition ', claimed.partition, ' (from ', toString(oldest), '): blocks ', toString(low), ' to ', toString(high), ' were claimed by epoch ',
    toString(epoch), ' and are gone, blocks from ', toString(lowest), ' on hold rows from before that: was it attached again? Its rows are delivered twice then') AS what
FROM
(
    SELECT claim.partition AS partition, claim.low AS low, claim.high AS high, epoch, planned_at AS claimed_at
    FROM {ledger:Identifier}.epochs
    ARRAY JOIN claims AS claim
) AS claimed
INNER JOIN
(
    SELECT partition_id AS partition, min(min_block_number) AS lowest, min(min_time) AS oldest
    FROM system.parts
    WHERE database = {logs:String} AND table = {table:String} AND active AND rows > 0 AND NOT startsWith(partition_id, 'patch-')
    GROUP BY partition
) AS live USING (partition)
WHERE high < lowest AND oldest > toDateTime(0) AND oldest + toIntervalMinute(10) < claimed_at
ORDER BY partition, epoch
