-- Orders that the newest epoch replaces, as long as what takes their place is not derived.
SELECT replacing.replaces_epoch, replacing.replaces_number
FROM {ledger:Identifier}.epochs
ARRAY JOIN orders AS replacing
WHERE epoch = (SELECT max(epoch) FROM {ledger:Identifier}.epochs)
    AND epoch NOT IN
    (
        SELECT epoch
        FROM {ledger:Identifier}.orders
        WHERE epoch = (SELECT max(epoch) FROM {ledger:Identifier}.epochs)
    )
    AND replacing.replaces_epoch > 0
