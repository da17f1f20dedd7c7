-- The groups with pending arrivals, and which are taken now: those that are due, the longest waiting first, until they have
-- enough arrivals together.
waiting AS
(
    SELECT
        *,
        is_due
            AND sum(arrivals) OVER (
                PARTITION BY is_due
                ORDER BY oldest, session, bucket, target_bucket, target_prefix
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) - arrivals < {most:UInt64} AS is_taken
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
            sum(rows) >= {count_threshold:UInt64}
                OR oldest <= fromUnixTimestamp64Milli({planned_before:Int64}) AS is_due
        FROM pending
        GROUP BY session, bucket, target_bucket, target_prefix
    )
)
