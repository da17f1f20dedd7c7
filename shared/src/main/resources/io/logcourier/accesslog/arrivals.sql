-- The rows of an epoch per group, and the seal over all of them, in the columns of the table of arrivals.
SELECT
    {epoch:UInt64} AS epoch,
    fromUnixTimestamp64Milli({planned_at:Int64}, 'UTC') AS planned_at,
    CAST(
        multiIf(grouping(deliverable) = 1, 2, deliverable, 0, 1),
        'Enum8(\'group\' = 0, \'undeliverable\' = 1, \'seal\' = 2)') AS kind,
    raftSessionID,
    bucketName,
    loggingTargetBucket,
    loggingTargetPrefix,
    count() AS rows,
    sum(/* identity */) AS checksum,
    min(insertedAt),
    max(insertedAt),
    min(startTime),
    max(startTime)
FROM {logs:Identifier}.{table:Identifier}
WHERE /* claimed */
GROUP BY GROUPING SETS
(
    (
        raftSessionID,
        bucketName,
        loggingTargetBucket,
        loggingTargetPrefix,
        bucketName != ''
            AND loggingTargetBucket != ''
            AND isValidUTF8(bucketName)
            AND isValidUTF8(loggingTargetBucket)
            AND isValidUTF8(loggingTargetPrefix) AS deliverable
    ),
    ()
)
