-- How the orders of a run ended, and when; what the newest delivery of each wrote.
SELECT
    epoch,
    number,
    bucket,
    target_bucket,
    rows,
    toBool(superseded) AS superseded,
    if(delivered_at > 0, delivered_at, NULL) AS delivered_at,
    if(given_up_at > 0, given_up_at, NULL) AS given_up_at,
    reason,
    written.1 AS bytes,
    written.2 AS crc32c
FROM
(
    SELECT DISTINCT epoch, number, bucket, target_bucket, rows
    FROM {ledger:Identifier}.orders
    WHERE epoch = {epoch:UInt64} AND number BETWEEN {first:UInt32} AND {last:UInt32}
) AS orders
LEFT JOIN
(
    SELECT
        epoch,
        number,
        countIf(outcome = 'superseded') > 0 AS superseded,
        maxIf(committed_at, outcome = 'delivered') AS delivered_at,
        maxIf(committed_at, outcome = 'given_up') AS given_up_at,
        argMaxIf(reason, committed_at, outcome = 'given_up') AS reason,
        argMaxIf((bytes, crc32c), committed_at, outcome = 'delivered') AS written
    FROM {ledger:Identifier}.offsets
    WHERE epoch = {epoch:UInt64} AND number BETWEEN {first:UInt32} AND {last:UInt32}
    GROUP BY epoch, number
) AS ended USING (epoch, number)
ORDER BY number
