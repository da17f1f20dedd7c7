-- The groups with pending arrivals, and which are taken now: those that are due, the longest waiting first, until they have
-- enough arrivals together, or the orders of these would take too many bytes of the log's next row.
waiting AS
(
    SELECT
        *,
        is_due
            AND sum(arrivals) OVER turn - arrivals < {most:UInt64}
            AND sum(bytes) OVER turn - bytes < {most_bytes:UInt64} AS is_taken
    FROM
    (
        SELECT
            session,
            bucket,
            target_bucket,
            target_prefix,
            min(epoch) AS first,
            min(planned_at) AS oldest,
            count() AS arrivals,
            -- A key holds the prefix again, and may hold the bucket.
            arrivals * (
                1000 + 2 * length(toJSONString(bucket)) + length(toJSONString(target_bucket))
                + 2 * length(toJSONString(target_prefix))) AS bytes,
            sum(rows) >= {count_threshold:UInt64}
                OR oldest <= fromUnixTimestamp64Milli({planned_before:Int64}) AS is_due
        FROM pending
        GROUP BY session, bucket, target_bucket, target_prefix
    )
    WINDOW turn AS (
        PARTITION BY is_due
        ORDER BY oldest, session, bucket, target_bucket, target_prefix
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
