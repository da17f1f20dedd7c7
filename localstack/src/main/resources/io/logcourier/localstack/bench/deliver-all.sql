-- Takes all orders for delivered, which makes history faster than workers do.
INSERT INTO {ledger:Identifier}.offsets (epoch, number, outcome, target_bucket, key, rows, bytes, crc32c, reason)
SELECT epoch, number, 'delivered', target_bucket, key, rows, rows * 430, 0, ''
FROM {ledger:Identifier}.orders
WHERE (epoch, number) NOT IN (SELECT epoch, number FROM {ledger:Identifier}.offsets)
