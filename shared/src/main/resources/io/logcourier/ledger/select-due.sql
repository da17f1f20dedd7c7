SELECT
    epoch,
    session,
    bucket,
    target_bucket,
    target_prefix,
    rows,
    checksum,
    min_inserted,
    max_inserted,
    min_start,
    max_start
FROM pending
WHERE (session, bucket, target_bucket, target_prefix) IN (SELECT * FROM due)
ORDER BY session, bucket, target_bucket, target_prefix, epoch
