-- The pending arrivals of the groups that are taken now.
WITH
    /* pending */,
    /* waiting */
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
    max_start,
    key_format
FROM pending
WHERE (session, bucket, target_bucket, target_prefix) IN
    (
        SELECT session, bucket, target_bucket, target_prefix
        FROM waiting
        WHERE is_taken
    )
ORDER BY session, bucket, target_bucket, target_prefix, epoch, day
