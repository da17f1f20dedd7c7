-- The buckets that rows want to be delivered to.
SELECT DISTINCT loggingTargetBucket AS bucket
FROM {logs:Identifier}.{table:Identifier}
WHERE match(bucket, {bucket_name:String})
