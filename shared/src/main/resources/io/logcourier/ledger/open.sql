-- The orders without an outcome after a given one, which may be of an epoch before which none is open.
SELECT *
FROM {ledger:Identifier}.orders
WHERE epoch >= {epoch:UInt64}
    AND (epoch > {epoch:UInt64} OR number > {number:Int64})
    AND (epoch, number) NOT IN
    (
        SELECT epoch, number
        FROM {ledger:Identifier}.offsets
        WHERE epoch >= {epoch:UInt64}
    )
ORDER BY epoch, number
LIMIT 1 BY epoch, number
LIMIT {most:UInt32}
