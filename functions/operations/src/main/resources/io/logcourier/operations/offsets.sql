-- An offset belongs to an order, and says of a delivered one what the order said. Sums of hashes show the epochs of which
-- all orders are delivered as they should be; only the orders of the others are compared one by one.
WITH
    others AS
    (
        SELECT epoch
        FROM
        (
            SELECT epoch, xxHash64(number, target_bucket, key, rows) AS hash, 1 AS side
            FROM {ledger:Identifier}.offsets
            WHERE epoch >= {begin:UInt64} AND outcome = 'delivered'
            UNION ALL
            SELECT epoch, xxHash64(number, target_bucket, key, rows) AS hash, -1 AS side
            FROM {ledger:Identifier}.orders
            WHERE epoch >= {begin:UInt64}
        )
        GROUP BY epoch
        HAVING sum(side) != 0 OR sum(side * reinterpretAsInt64(hash)) != 0
    )
SELECT concat(
    'order ', toString(epoch), '/', toString(number), ' takes ', toString(orders.rows), ' rows as ',
    orders.target_bucket, '/', orders.key, ', its offset says ', toString(offsets.rows), ' rows as ',
    offsets.target_bucket, '/', offsets.key) AS what
FROM
(
    SELECT DISTINCT epoch, number, target_bucket, key, rows
    FROM {ledger:Identifier}.offsets
    WHERE outcome = 'delivered' AND epoch IN (SELECT epoch FROM others)
) AS offsets
LEFT JOIN
(
    SELECT epoch, number, target_bucket, key, rows
    FROM {ledger:Identifier}.orders
    WHERE epoch IN (SELECT epoch FROM others)
) AS orders USING (epoch, number)
WHERE offsets.rows != orders.rows OR offsets.key != orders.key OR offsets.target_bucket != orders.target_bucket
ORDER BY what
