-- Per group, replacements of superseded orders left aside: the arrivals up to the last epoch that it was ordered to = the rows of its orders, and no arrival up to
-- ordered_through is beyond that epoch.
WITH
    last AS
    (
        SELECT session, bucket, target_bucket, target_prefix, max(to_epoch) AS ordered_to, sum(rows) AS ordered_rows, sum(checksum) AS ordered_checksum
        FROM {ledger:Identifier}.orders
        WHERE replaces_epoch = 0
        GROUP BY session, bucket, target_bucket, target_prefix
    ),
    arrived AS
    (
        SELECT
            session, bucket, target_bucket, target_prefix,
            sumIf(arrivals.rows, arrivals.epoch <= last.ordered_to) AS arrived_rows,
            sumIf(arrivals.checksum, arrivals.epoch <= last.ordered_to) AS arrived_checksum,
            countIf(arrivals.epoch > last.ordered_to AND arrivals.epoch <= through) AS forgotten
        FROM {ledger:Identifier}.arrivals AS arrivals
        LEFT JOIN last USING (session, bucket, target_bucket, target_prefix)
        CROSS JOIN (SELECT argMax(ordered_through, epoch) AS through FROM {ledger:Identifier}.epochs) AS newest
        WHERE arrivals.kind = 'group'
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
