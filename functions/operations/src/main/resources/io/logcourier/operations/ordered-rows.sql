-- Per group: the arrivals up to the last epoch that it was ordered to = the rows of its orders, and no arrival up to
-- ordered_through is beyond that epoch.
WITH
    last AS
    (
        SELECT session, bucket, target_bucket, target_prefix, max(to_epoch) AS ordered_to, sum(rows) AS rows, sum(checksum) AS checksum
        FROM {ledger:Identifier}.orders
        GROUP BY session, bucket, target_bucket, target_prefix
    ),
    arrived AS
    (
        SELECT
            session, bucket, target_bucket, target_prefix,
            sumIf(arrivals.rows, arrivals.epoch <= last.ordered_to) AS rows,
            sumIf(arrivals.checksum, arrivals.epoch <= last.ordered_to) AS checksum,
            countIf(arrivals.epoch > last.ordered_to AND arrivals.epoch <= through) AS forgotten
        FROM {ledger:Identifier}.arrivals AS arrivals
        LEFT JOIN last USING (session, bucket, target_bucket, target_prefix)
        CROSS JOIN (SELECT argMax(ordered_through, epoch) AS through FROM {ledger:Identifier}.epochs) AS newest
        WHERE arrivals.kind = 'group'
        GROUP BY session, bucket, target_bucket, target_prefix
    )
SELECT concat(
    'bucket ', bucket, ' (session ', toString(session), ', target ', target_bucket, '/', target_prefix, '): ',
    toString(arrived.rows), ' rows arrived, ', toString(last.rows), ' are in orders, ',
    toString(arrived.forgotten), ' epochs of it are in none') AS what
FROM arrived
FULL JOIN last USING (session, bucket, target_bucket, target_prefix)
WHERE arrived.rows != last.rows OR arrived.checksum != last.checksum OR arrived.forgotten > 0
ORDER BY what
