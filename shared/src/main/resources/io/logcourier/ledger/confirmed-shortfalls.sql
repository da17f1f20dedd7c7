-- Orders that lost rows for certain as far as workers could see, and that nothing was done about yet. Only a look that
-- found all rows takes that back: a record of an earlier sighting may arrive late. One that was given up since is left alone
-- until it is tried again.
WITH confirmed AS
(
    SELECT epoch, number, maxIf(seen_at, finding = 'confirmed') AS confirmed_at
    FROM {ledger:Identifier}.shortfalls
    GROUP BY epoch, number
    HAVING confirmed_at > maxIf(seen_at, finding = 'whole')
)
SELECT orders.*
FROM {ledger:Identifier}.orders AS orders
WHERE (epoch, number) IN (SELECT epoch, number FROM confirmed)
    AND (epoch, number) NOT IN
    (
        SELECT epoch, number
        FROM {ledger:Identifier}.offsets
        INNER JOIN confirmed USING (epoch, number)
        WHERE (epoch, number) IN (SELECT epoch, number FROM confirmed)
            AND (outcome IN ('delivered', 'superseded') OR committed_at >= confirmed_at)
    )
ORDER BY epoch, number
LIMIT 1 BY epoch, number
LIMIT {most:UInt32}
