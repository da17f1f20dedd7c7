-- What some orders are said to be in the metadata of their objects.
SELECT epoch, number, bucket, target_bucket, key, rows, min_start, max_start
FROM {ledger:Identifier}.orders
WHERE (epoch, number) IN /* orders */
ORDER BY epoch, number
