-- A run of orders, each with its outcomes.
SELECT outcomes, orders.*
FROM {ledger:Identifier}.orders AS orders
LEFT JOIN
(
    SELECT epoch, number, groupUniqArray(toString(outcome)) AS outcomes
    FROM {ledger:Identifier}.offsets
    WHERE epoch = {epoch:UInt64} AND number BETWEEN {first:UInt32} AND {last:UInt32}
    GROUP BY epoch, number
) AS ended USING (epoch, number)
WHERE epoch = {epoch:UInt64} AND number BETWEEN {first:UInt32} AND {last:UInt32}
ORDER BY number
