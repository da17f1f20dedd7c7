-- Per row, the time from its insertion (in whole seconds, rounded down) to the commit that follows its object.
WITH
    stored AS
    (
        SELECT
            _partition_id AS partition,
            _block_number AS block,
            raftSessionID AS session,
            bucketName AS bucket,
            insertedAt,
            count() AS stored_rows
        FROM {logs:Identifier}.{table:Identifier}
        GROUP BY ALL
    ),
    claimed AS
    (
        SELECT epoch, claim.partition AS partition, claim.low AS low, claim.high AS high
        FROM {ledger:Identifier}.epochs
        ARRAY JOIN claims AS claim
        WHERE epoch > {after:UInt64}
    ),
    delivered AS
    (
        SELECT session, bucket, from_epoch, to_epoch, min(committed_at) AS committed_at
        FROM {ledger:Identifier}.orders
        INNER JOIN {ledger:Identifier}.offsets USING (epoch, number)
        WHERE outcome = 'delivered'
        GROUP BY ALL
    ),
    dateDiff('millisecond', insertedAt, committed_at) / 1000 AS delay
SELECT
    sum(stored_rows) AS rows,
    quantileExactWeighted(0.5)(delay, stored_rows) AS median,
    quantileExactWeighted(0.99)(delay, stored_rows) AS p99,
    max(delay) AS longest
FROM stored
INNER JOIN claimed ON stored.partition = claimed.partition
INNER JOIN delivered ON stored.session = delivered.session AND stored.bucket = delivered.bucket
WHERE block BETWEEN low AND high AND epoch BETWEEN from_epoch AND to_epoch
