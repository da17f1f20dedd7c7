-- Rows and checksum of each epoch's one seal = the sums of its arrivals; what an INSERT recorded twice counts once. The newest
-- epoch may not be sealed yet, and of an adoption none.
SELECT concat(
    'epoch ', toString(epoch), ' has ', toString(seals), ' seals over ', toString(sealed), ' rows, its arrivals sum up to ',
    toString(arrived), ' rows', if(off != 0, concat('; their checksums differ by ', toString(off)), '')) AS what
FROM
(
    SELECT
        epoch,
        countIf(kind = 'seal') AS seals,
        sumIf(rows, kind = 'seal') AS sealed,
        sumIf(rows, kind != 'seal') AS arrived,
        sumIf(checksum, kind = 'seal') - sumIf(checksum, kind != 'seal') AS off
    FROM
    (
        SELECT epoch, kind, rows, checksum
        FROM
        (
            SELECT DISTINCT epoch, kind, session, bucket, target_bucket, target_prefix, day, rows, checksum
            FROM {ledger:Identifier}.arrivals
            WHERE epoch >= {begin:UInt64}
        )
        UNION ALL
        SELECT epoch, 'group' AS kind, 0 AS rows, 0 AS checksum
        FROM {ledger:Identifier}.epochs
        WHERE notEmpty(claims)
            AND epoch < (SELECT max(epoch) FROM {ledger:Identifier}.epochs)
            AND NOT startsWith((SELECT argMax(planner, epoch) FROM {ledger:Identifier}.epochs), 'adopt ')
    )
    GROUP BY epoch
)
WHERE seals != 1 OR sealed != arrived OR off != 0
ORDER BY epoch
