-- Deliverable arrivals that are in no order yet. Every arrival up to ordered_through is in one; beyond it, each group
-- remembers the last epoch that it was ordered to.
pending AS
(
    SELECT arrivals.*
    FROM {ledger:Identifier}.arrivals AS arrivals
    LEFT JOIN
    (
        SELECT session, bucket, target_bucket, target_prefix, max(to_epoch) AS ordered_to
        FROM {ledger:Identifier}.orders
        WHERE epoch > {ordered_through:UInt64} AND epoch <= {through:UInt64}
        GROUP BY session, bucket, target_bucket, target_prefix
    ) AS last USING (session, bucket, target_bucket, target_prefix)
    WHERE arrivals.epoch > {ordered_through:UInt64}
        AND arrivals.epoch <= {through:UInt64}
        AND arrivals.kind = 'group'
        AND arrivals.epoch > last.ordered_to
)
