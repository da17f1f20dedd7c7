-- The blocks that some epochs claimed, who appended them, and whether an index finds all their rows.
SELECT claims, planner, indexed
FROM {ledger:Identifier}.epochs
WHERE epoch BETWEEN {from:UInt64} AND {to:UInt64}
ORDER BY epoch, _block_number, _block_offset
LIMIT 1 BY epoch
