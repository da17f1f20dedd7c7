SELECT bucket, count() AS objects, sum(rows) AS rows, sum(bytes) AS bytes
FROM
(
    SELECT epoch, number, any(rows) AS rows, any(bytes) AS bytes
    FROM {ledger:Identifier}.offsets
    WHERE outcome = 'delivered'
    GROUP BY epoch, number
) AS delivered
INNER JOIN (SELECT epoch, number, bucket FROM {ledger:Identifier}.orders) AS orders USING (epoch, number)
GROUP BY bucket
ORDER BY rows DESC, bucket
