-- The orders that some epochs decided. What an INSERT recorded twice counts once, here and in every other statement.
SELECT *
FROM {ledger:Identifier}.orders
WHERE epoch > {after:UInt64} AND epoch <= {through:UInt64}
ORDER BY epoch, number
LIMIT 1 BY epoch, number
