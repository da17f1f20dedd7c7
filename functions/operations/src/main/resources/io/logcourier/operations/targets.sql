-- Where the rows of the log table are to be delivered.
SELECT loggingTargetBucket AS bucket, loggingTargetPrefix AS prefix
FROM {logs:Identifier}.{table:Identifier}
WHERE match(loggingTargetBucket, {bucket_name:String}) AND /* claimed */
GROUP BY bucket, prefix
ORDER BY bucket, prefix
