-- The orders that the orders of an epoch replace, each with the rows that it is left with.
SELECT left, epoch, number, replaced.* EXCEPT (epoch, number)
FROM
(
    SELECT decided.replaces_epoch AS epoch, decided.replaces_number AS number, decided.rows AS left
    FROM
    (
        SELECT orders
        FROM {ledger:Identifier}.epochs
        WHERE epoch = {epoch:UInt64}
        ORDER BY _block_number, _block_offset
        LIMIT 1
    )
    ARRAY JOIN orders AS decided
    WHERE decided.replaces_epoch > 0
) AS decided
INNER JOIN {ledger:Identifier}.orders AS replaced USING (epoch, number)
ORDER BY epoch, number
LIMIT 1 BY epoch, number
