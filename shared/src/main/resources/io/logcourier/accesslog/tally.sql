-- What is left of the rows of an order.
WITH
    -- Where the log table has no such column.
    '' AS filteredBy
SELECT
    count() AS rows,
    sum(/* identity */) AS checksum,
    toDateTime(min(insertedAt), 'UTC') AS min_inserted,
    toDateTime(max(insertedAt), 'UTC') AS max_inserted,
    min(/* time */) AS min_start,
    max(/* time */) AS max_start
FROM {logs:Identifier}.{table:Identifier} AS log
/* cut-offs */
WHERE raftSessionID = {session:UInt16}
    AND bucketName = {bucket:String}
    AND loggingTargetBucket = {target_bucket:String}
    AND loggingTargetPrefix = {target_prefix:String}
    AND ({day:String} = '' OR /* day */ = toDate32OrZero({day:String}))
    AND /* claimed */
    AND filteredBy = ''
    AND NOT /* adopted */
SETTINGS prefer_column_name_to_alias = 1
