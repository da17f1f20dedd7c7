-- The epochs with claims whose arrivals are not recorded as a whole, one seal and groups that sum up to it, and whether any
-- of them are. What an INSERT recorded twice counts once.
SELECT
    epoch,
    planned_at,
    planner,
    claims,
    accounted,
    claimed_rows,
    indexed,
    arrived.seals + arrived.groups > 0 AS is_begun
FROM
(
    SELECT epoch, planned_at, planner, claims, accounted, claimed_rows, indexed
    FROM {ledger:Identifier}.epochs
    WHERE epoch > {after:UInt64} AND epoch <= {through:UInt64}
    ORDER BY epoch, _block_number, _block_offset
    LIMIT 1 BY epoch
) AS log
LEFT JOIN
(
    SELECT
        epoch,
        countIf(kind = 'seal') AS seals,
        countIf(kind != 'seal') AS groups,
        sumIf(rows, kind = 'seal') = sumIf(rows, kind != 'seal')
            AND sumIf(checksum, kind = 'seal') = sumIf(checksum, kind != 'seal') AS adds_up
    FROM
    (
        SELECT DISTINCT epoch, kind, session, bucket, target_bucket, target_prefix, day, rows, checksum
        FROM {ledger:Identifier}.arrivals
        WHERE epoch > {after:UInt64} AND epoch <= {through:UInt64}
    )
    GROUP BY epoch
) AS arrived USING (epoch)
WHERE notEmpty(claims) AND NOT (arrived.seals = 1 AND arrived.adds_up)
ORDER BY epoch
