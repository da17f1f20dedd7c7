-- The orders without an outcome. The low-water mark keeps both sides short.
SELECT *
FROM {ledger:Identifier}.orders
WHERE epoch >= {open_from:UInt64}
    AND (epoch, number) NOT IN
    (
        SELECT epoch, number
        FROM {ledger:Identifier}.offsets
        WHERE epoch >= {open_from:UInt64}
    )
ORDER BY epoch, number
