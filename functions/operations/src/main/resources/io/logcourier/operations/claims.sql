SELECT epoch, claim.partition AS partition, claim.low AS low, claim.high AS high
FROM
(
    SELECT epoch, claims
    FROM {ledger:Identifier}.epochs
    ORDER BY epoch, _block_number, _block_offset
    LIMIT 1 BY epoch
)
ARRAY JOIN claims AS claim
ORDER BY epoch, partition, low
