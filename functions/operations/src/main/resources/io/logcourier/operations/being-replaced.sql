-- Orders that the newest epoch replaces, as long as what takes their place is not derived.
SELECT replacing.replaces_epoch, replacing.replaces_number
FROM
(
    SELECT epoch, orders
    FROM {ledger:Identifier}.epochs
    WHERE epoch = (SELECT max(epoch) FROM {ledger:Identifier}.epochs)
    ORDER BY _block_number, _block_offset
    LIMIT 1
)
ARRAY JOIN orders AS replacing
WHERE epoch NOT IN
    (
        SELECT epoch
        FROM {ledger:Identifier}.orders
        WHERE epoch = (SELECT max(epoch) FROM {ledger:Identifier}.epochs)
    )
    AND replacing.replaces_epoch > 0
