-- What is left of the rows of an order.
SELECT
    count() AS rows,
    sum(/* identity */) AS checksum,
    min(insertedAt) AS min_inserted,
    max(insertedAt) AS max_inserted,
    min(startTime) AS min_start,
    max(startTime) AS max_start
FROM {logs:Identifier}.{table:Identifier} AS log
/* cut-offs */
WHERE raftSessionID = {session:UInt16}
    AND bucketName = {bucket:String}
    AND loggingTargetBucket = {target_bucket:String}
    AND loggingTargetPrefix = {target_prefix:String}
    AND ({day:String} = '' OR toDate32(startTime, 'UTC') = toDate32OrZero({day:String}))
    AND /* claimed */
    AND NOT /* adopted */
