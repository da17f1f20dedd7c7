-- The blocks that some epochs claimed, and who appended them.
SELECT claims, planner
FROM {ledger:Identifier}.epochs
WHERE epoch BETWEEN {from:UInt64} AND {to:UInt64}
ORDER BY epoch, _block_number, _block_offset
LIMIT 1 BY epoch
