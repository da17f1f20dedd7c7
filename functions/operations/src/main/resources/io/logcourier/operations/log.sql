-- The log has a row for every number from where the books begin up to the newest; what the other tables say of one that is gone tells whose rows.
SELECT concat(
    'epoch ', toString(missing), ' is missing from the log; it claimed ', toString(claimed), ' rows, of the buckets ',
    toString(buckets)) AS what
FROM
(
    SELECT arrayJoin(range({begin:UInt64}, max(epoch))) AS missing
    FROM {ledger:Identifier}.epochs
    HAVING missing NOT IN (SELECT epoch FROM {ledger:Identifier}.epochs)
) AS gap
LEFT JOIN
(
    SELECT epoch, sumIf(rows, kind = 'seal') AS claimed, groupUniqArrayIf(10)(bucket, kind = 'group') AS buckets
    FROM {ledger:Identifier}.arrivals
    GROUP BY epoch
) AS arrived ON gap.missing = arrived.epoch
ORDER BY missing
