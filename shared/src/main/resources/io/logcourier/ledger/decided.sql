-- The orders that some epochs decided.
SELECT *
FROM {ledger:Identifier}.orders
WHERE epoch > {after:UInt64} AND epoch <= {through:UInt64}
ORDER BY epoch, number
