-- Who appended an epoch. The losers of a race got no error.
SELECT planner
FROM {ledger:Identifier}.epochs
WHERE epoch = {epoch:UInt64}
ORDER BY _block_number, _block_offset
LIMIT 1
