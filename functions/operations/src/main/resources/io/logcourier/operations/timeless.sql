-- Rows of 1970: a startTime that is absent is its first moment, and one in seconds that ClickHouse took for milliseconds is of its
-- January.
SELECT bucket, sum(rows) AS rows
FROM
(
    SELECT DISTINCT epoch, session, bucket, target_bucket, target_prefix, day, rows, checksum
    FROM {ledger:Identifier}.arrivals
    WHERE epoch BETWEEN {begin:UInt64} AND {epoch:UInt64}
        AND kind = 'group'
        AND day BETWEEN toDate32('1970-01-01') AND toDate32('1970-12-31')
)
GROUP BY bucket
ORDER BY rows DESC, bucket
LIMIT 1000
