INSERT INTO {ledger:Identifier}.{unread:Identifier} (bucket, is_source)
SELECT DISTINCT bucket, true
FROM {former:Identifier}.orders
WHERE target_bucket IN (SELECT bucket FROM {ledger:Identifier}.{unread:Identifier} WHERE NOT is_source)
    AND (epoch, number) IN (SELECT epoch, number FROM {former:Identifier}.offsets WHERE outcome = 'delivered')
