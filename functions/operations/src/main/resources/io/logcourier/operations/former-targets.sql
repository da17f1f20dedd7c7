-- Where a former ledger has delivered rows that may be in the log table, and when it planned the first of these orders. Rows
-- may say that they were inserted later than they were delivered.
SELECT target_bucket AS bucket, target_prefix AS prefix, min(planned_at) AS since
FROM {former:Identifier}.orders
WHERE (toInt64(toUnixTimestamp(max_inserted)) >= {oldest:Int64} OR toInt64(toUnixTimestamp(planned_at)) >= {planned:Int64})
    AND (epoch, number) IN (SELECT epoch, number FROM {former:Identifier}.offsets WHERE outcome = 'delivered')
GROUP BY bucket, prefix
ORDER BY bucket, prefix
