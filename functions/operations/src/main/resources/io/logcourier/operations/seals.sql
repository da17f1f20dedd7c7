-- Rows and checksum of each epoch's one seal = the sums of its arrivals; the newest epoch may not be sealed yet.
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
        SELECT epoch, kind, rows, checksum FROM {ledger:Identifier}.arrivals WHERE epoch >= {begin:UInt64}
        UNION ALL
        SELECT epoch, 'group' AS kind, 0 AS rows, 0 AS checksum
        FROM {ledger:Identifier}.epochs
        WHERE notEmpty(claims) AND epoch < (SELECT max(epoch) FROM {ledger:Identifier}.epochs)
    )
    GROUP BY epoch
)
WHERE seals != 1 OR sealed != arrived OR off != 0
ORDER BY epoch
