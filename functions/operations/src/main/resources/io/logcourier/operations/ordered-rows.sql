-- Per group, replacements of superseded orders left aside: the arrivals up to the last epoch that it was ordered to = the
-- rows of its orders, and no arrival up to ordered_through is beyond that epoch; what the newest epoch says does not count,
-- since its orders may not be derived yet. Orders that reach back to before the books begin are left out, and the arrivals
-- that are in them.
WITH
    last AS
    (
        SELECT
            session, bucket, target_bucket, target_prefix,
            max(to_epoch) AS ordered_to,
            maxIf(to_epoch, from_epoch < {begin:UInt64}) AS cut_to,
            sumIf(rows, from_epoch >= {begin:UInt64}) AS ordered_rows,
            sumIf(checksum, from_epoch >= {begin:UInt64}) AS ordered_checksum
        FROM
        (
            SELECT DISTINCT
                epoch, number, session, bucket, target_bucket, target_prefix, from_epoch, to_epoch, rows, checksum
            FROM {ledger:Identifier}.orders
            WHERE epoch >= {begin:UInt64} AND replaces_epoch = 0
        )
        GROUP BY session, bucket, target_bucket, target_prefix
    ),
    arrived AS
    (
        SELECT
            session, bucket, target_bucket, target_prefix,
            sumIf(arrivals.rows, arrivals.epoch > last.cut_to AND arrivals.epoch <= last.ordered_to) AS arrived_rows,
            sumIf(arrivals.checksum, arrivals.epoch > last.cut_to AND arrivals.epoch <= last.ordered_to) AS arrived_checksum,
            countIf(arrivals.epoch > last.ordered_to AND arrivals.epoch <= through) AS forgotten
        FROM
        (
            SELECT DISTINCT epoch, session, bucket, target_bucket, target_prefix, day, rows, checksum
            FROM {ledger:Identifier}.arrivals
            WHERE kind = 'group' AND epoch >= {begin:UInt64}
        ) AS arrivals
        LEFT JOIN last USING (session, bucket, target_bucket, target_prefix)
        CROSS JOIN
        (
            SELECT argMax(ordered_through, epoch) AS through
            FROM {ledger:Identifier}.epochs
            WHERE epoch < (SELECT max(epoch) FROM {ledger:Identifier}.epochs)
        ) AS before
        GROUP BY session, bucket, target_bucket, target_prefix
    )
SELECT concat(
    'bucket ', bucket, ' (session ', toString(session), ', target ', target_bucket, '/', target_prefix, '): ',
    toString(arrived_rows), ' rows arrived, ', toString(ordered_rows), ' are in orders, ',
    toString(forgotten), ' epochs of it are in none') AS what
FROM arrived
FULL JOIN last USING (session, bucket, target_bucket, target_prefix)
WHERE arrived_rows != ordered_rows OR arrived_checksum != ordered_checksum OR forgotten > 0
ORDER BY what
