SELECT bucket, count() AS objects, sum(order_rows) AS rows, sum(order_bytes) AS bytes
FROM
(
    SELECT epoch, number, any(rows) AS order_rows, any(bytes) AS order_bytes
    FROM {ledger:Identifier}.offsets
    WHERE outcome = 'delivered'
    GROUP BY epoch, number
) AS delivered
INNER JOIN (SELECT DISTINCT epoch, number, bucket FROM {ledger:Identifier}.orders) AS orders USING (epoch, number)
GROUP BY bucket
ORDER BY rows DESC, bucket
