-- An offset belongs to an order, and says of a delivered one what the order said.
SELECT concat(
    'order ', toString(epoch), '/', toString(number), ' takes ', toString(orders.rows), ' rows as ',
    orders.target_bucket, '/', orders.key, ', its offset says ', toString(offsets.rows), ' rows as ',
    offsets.target_bucket, '/', offsets.key) AS what
FROM
(
    SELECT DISTINCT epoch, number, target_bucket, key, rows
    FROM {ledger:Identifier}.offsets
    WHERE epoch >= {begin:UInt64} AND outcome = 'delivered'
) AS offsets
LEFT JOIN
(
    SELECT epoch, number, target_bucket, key, rows FROM {ledger:Identifier}.orders
) AS orders USING (epoch, number)
WHERE offsets.rows != orders.rows OR offsets.key != orders.key OR offsets.target_bucket != orders.target_bucket
ORDER BY what
