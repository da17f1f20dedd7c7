-- Orders that lost rows for certain as far as workers could see, and that nothing was done about yet.
WITH confirmed AS
(
    SELECT epoch, number
    FROM {ledger:Identifier}.shortfalls
    GROUP BY epoch, number
    HAVING argMax(finding, seen_at) = 'confirmed'
)
SELECT orders.*
FROM {ledger:Identifier}.orders AS orders
WHERE (epoch, number) IN (SELECT epoch, number FROM confirmed)
    AND (epoch, number) NOT IN
    (
        SELECT epoch, number
        FROM {ledger:Identifier}.offsets
        WHERE outcome IN ('delivered', 'superseded')
            AND (epoch, number) IN (SELECT epoch, number FROM confirmed)
    )
ORDER BY epoch, number
LIMIT {most:UInt32}
