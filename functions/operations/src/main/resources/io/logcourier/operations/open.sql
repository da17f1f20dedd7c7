-- What the orders without an outcome will be delivered as.
SELECT epoch, number, bucket, target_bucket, key, rows, 0 AS bytes, 0 AS crc32c
FROM {ledger:Identifier}.orders
WHERE (epoch, number) NOT IN (SELECT epoch, number FROM {ledger:Identifier}.offsets)
ORDER BY epoch, number
