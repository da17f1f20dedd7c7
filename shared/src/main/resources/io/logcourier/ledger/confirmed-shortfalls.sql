-- Orders that lost rows for certain as far as workers could see, and that nothing was done about yet. Only a look that
-- found all rows takes that back: a record of an earlier sighting may arrive late.
WITH confirmed AS
(
    SELECT epoch, number
    FROM {ledger:Identifier}.shortfalls
    GROUP BY epoch, number
    HAVING maxIf(seen_at, finding = 'confirmed') > maxIf(seen_at, finding = 'whole')
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
LIMIT 1 BY epoch, number
LIMIT {most:UInt32}
