-- Rows that no order takes, by what they name; what was recorded twice counts once.
SELECT bucket, target_bucket, sum(rows) AS rows
FROM
(
    SELECT DISTINCT epoch, session, bucket, target_bucket, target_prefix, day, rows, checksum
    FROM {ledger:Identifier}.arrivals
    WHERE epoch BETWEEN {begin:UInt64} AND {epoch:UInt64} AND kind = 'undeliverable'
)
GROUP BY bucket, target_bucket
ORDER BY rows DESC, bucket, target_bucket
LIMIT 1000
