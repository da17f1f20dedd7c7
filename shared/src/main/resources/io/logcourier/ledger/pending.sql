-- Deliverable arrivals that are in no order yet. Every arrival up to ordered_through is in one; beyond it, each group
-- remembers the last epoch that it was ordered to. What an INSERT recorded twice counts once, here and of the orders.
pending AS
(
    SELECT arrivals.*
    FROM
    (
        SELECT
            epoch, planned_at, session, bucket, target_bucket, target_prefix, day, rows, checksum, min_inserted, max_inserted,
            min_start, max_start, max(key_format) AS key_format
        FROM {ledger:Identifier}.arrivals
        WHERE epoch > {ordered_through:UInt64} AND epoch <= {through:UInt64} AND kind = 'group'
        GROUP BY
            epoch, planned_at, session, bucket, target_bucket, target_prefix, day, rows, checksum, min_inserted, max_inserted,
            min_start, max_start
    ) AS arrivals
    LEFT JOIN
    (
        SELECT session, bucket, target_bucket, target_prefix, max(to_epoch) AS ordered_to
        FROM {ledger:Identifier}.orders
        WHERE epoch > {ordered_through:UInt64} AND epoch <= {through:UInt64}
        GROUP BY session, bucket, target_bucket, target_prefix
    ) AS last USING (session, bucket, target_bucket, target_prefix)
    WHERE arrivals.epoch > last.ordered_to
)
