-- Where the rows of the log table are to be delivered, and when the first of them was inserted.
SELECT loggingTargetBucket AS bucket, loggingTargetPrefix AS prefix, min(min(insertedAt)) OVER () AS since
FROM {logs:Identifier}.{table:Identifier}
WHERE match(loggingTargetBucket, {bucket_name:String}) AND /* claimed */
GROUP BY bucket, prefix
ORDER BY bucket, prefix
