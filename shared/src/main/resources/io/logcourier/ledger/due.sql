-- The pending arrivals of the groups that are due.
WITH
    /* pending */
SELECT
    epoch,
    session,
    bucket,
    target_bucket,
    target_prefix,
    day,
    rows,
    checksum,
    min_inserted,
    max_inserted,
    min_start,
    max_start
FROM pending
WHERE (session, bucket, target_bucket, target_prefix) IN
    (
        SELECT session, bucket, target_bucket, target_prefix
        FROM pending
        GROUP BY session, bucket, target_bucket, target_prefix
        HAVING sum(rows) >= {count_threshold:UInt64}
            OR min(planned_at) <= fromUnixTimestamp64Milli({planned_before:Int64})
    )
ORDER BY session, bucket, target_bucket, target_prefix, epoch, day
