SELECT DISTINCT epoch, number, orders.bucket AS bucket, rendering, compression, offsets.target_bucket AS target_bucket, offsets.key AS key,
    offsets.rows AS rows, bytes, crc32c
FROM {ledger:Identifier}.offsets AS offsets
INNER JOIN (SELECT epoch, number, bucket, rendering, compression FROM {ledger:Identifier}.orders) AS orders USING (epoch, number)
WHERE outcome = 'delivered'
ORDER BY epoch, number
