-- The rows of a partition by the epoch that claimed the block which each row says it has: 0 for none, -1 for what was claimed
-- before the books begin, or with the start of the ledger. No condition on block numbers, which the index of a part that was attached would answer wrongly.
SELECT
    if(block <= high, epoch, 0) AS epoch,
    sum(rows) AS rows,
    min(oldest) AS oldest,
    max(newest) AS newest
FROM
(
    SELECT 1 AS side, toInt64(_block_number) AS block, count() AS rows, min(toInt64(toUnixTimestamp(insertedAt))) AS oldest, max(toInt64(toUnixTimestamp(insertedAt))) AS newest
    FROM {logs:Identifier}.{table:Identifier}
    WHERE _partition_id = {partition:String}
    GROUP BY block
) AS blocks
ASOF LEFT JOIN
(
    SELECT 1 AS side, epoch, toInt64(claim.low) AS low, toInt64(claim.high) AS high
    FROM
    (
        SELECT toInt64(epoch) AS epoch, claims
        FROM {ledger:Identifier}.epochs
        ORDER BY epoch, _block_number, _block_offset
        LIMIT 1 BY epoch
    )
    ARRAY JOIN claims AS claim
    WHERE claim.partition = {partition:String}
    UNION ALL
    SELECT 1 AS side, -1 AS epoch, ranges.1 AS low, ranges.2 AS high
    FROM
    (
        SELECT arrayJoin(CAST([/* before */], 'Array(Tuple(Int64, Int64))')) AS ranges
    )
) AS claimed
ON blocks.side = claimed.side AND blocks.block >= claimed.low
GROUP BY epoch
ORDER BY epoch
