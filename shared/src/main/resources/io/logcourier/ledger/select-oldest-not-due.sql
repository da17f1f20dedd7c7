SELECT min(epoch) AS oldest, count() AS count
FROM pending
WHERE (session, bucket, target_bucket, target_prefix) NOT IN (SELECT * FROM due)
