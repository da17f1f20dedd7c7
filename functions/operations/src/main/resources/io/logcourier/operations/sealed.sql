-- The rows of each sealed epoch, and when they were inserted.
SELECT
    epoch,
    max(rows) AS rows,
    min(toInt64(toUnixTimestamp(min_inserted))) AS oldest,
    max(toInt64(toUnixTimestamp(max_inserted))) AS newest
FROM {ledger:Identifier}.arrivals
WHERE kind = 'seal' AND epoch >= {begin:UInt64}
GROUP BY epoch
