-- What was claimed before the first epoch that the books hold.
SELECT claims, frontier
FROM {ledger:Identifier}.epochs
WHERE epoch >= {begin:UInt64}
ORDER BY epoch, _block_number, _block_offset
LIMIT 1
