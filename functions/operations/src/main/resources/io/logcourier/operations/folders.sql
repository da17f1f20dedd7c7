-- Where orders have their objects, and whether it is in a share, as in objects.sql.
SELECT
    target_bucket AS bucket,
    target_prefix AS prefix,
    ({at:UInt64} + {cycle:UInt64} - sipHash64(bucket, prefix) % {cycle:UInt64}) % {cycle:UInt64} < {span:UInt64} AS is_due
FROM {ledger:Identifier}.orders
GROUP BY bucket, prefix
ORDER BY bucket, prefix
