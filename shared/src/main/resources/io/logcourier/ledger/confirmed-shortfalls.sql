-- Orders that lost rows for certain, and that nothing was done about yet.
SELECT orders.*
FROM {ledger:Identifier}.orders AS orders
WHERE (epoch, number) IN (SELECT epoch, number FROM {ledger:Identifier}.shortfalls WHERE confirmed)
    AND (epoch, number) NOT IN
    (
        SELECT epoch, number
        FROM {ledger:Identifier}.offsets
        WHERE outcome IN ('delivered', 'superseded')
            AND (epoch, number) IN (SELECT epoch, number FROM {ledger:Identifier}.shortfalls WHERE confirmed)
    )
ORDER BY epoch, number
LIMIT {most:UInt32}
