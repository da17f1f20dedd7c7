-- The first epoch with pending arrivals of a group that is not due.
WITH
    /* pending */
SELECT min(first) AS oldest, count() AS count
FROM
(
    SELECT min(epoch) AS first
    FROM pending
    GROUP BY session, bucket, target_bucket, target_prefix
    HAVING sum(rows) < {count_threshold:UInt64}
        AND min(planned_at) > fromUnixTimestamp64Milli({planned_before:Int64})
)
