-- The table of orders is what the log decided; the newest epoch may not be derived yet.
SELECT concat(
    'epoch ', toString(epoch), ' decided ', toString(decided), ' orders over ', toString(decided_rows),
    ' rows, the table of orders has ', toString(derived), ' over ', toString(derived_rows)) AS what
FROM
(
    SELECT epoch, length(orders) AS decided, arraySum(orders.rows) AS decided_rows
    FROM {ledger:Identifier}.epochs
    WHERE epoch < (SELECT max(epoch) FROM {ledger:Identifier}.epochs)
    ORDER BY epoch, _block_number, _block_offset
    LIMIT 1 BY epoch
) AS log
FULL JOIN
(
    SELECT epoch, count() AS derived, sum(rows) AS derived_rows
    FROM {ledger:Identifier}.orders
    WHERE epoch < (SELECT max(epoch) FROM {ledger:Identifier}.epochs)
    GROUP BY epoch
) AS derived USING (epoch)
WHERE decided != derived OR decided_rows != derived_rows
ORDER BY epoch
