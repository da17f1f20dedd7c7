-- The sums of a lane; what an INSERT recorded twice counts once. A delivered order stays delivered, whatever else was recorded of
-- it. The rows of a superseded order are in its replacement or lost, each for itself: a replacement with more rows makes up
-- for no other. As long as the newest epoch has decided the replacement and it is not derived, the
-- order counts as open. Orders that reach back to before the books begin are left out, and the arrivals that are in them.
WITH
    outcomes AS
    (
        SELECT
            epoch,
            number,
            multiIf(countIf(outcome = 'delivered') > 0, 'delivered', countIf(outcome = 'superseded') > 0, 'superseded', 'given_up') AS ended,
            anyIf(bytes, outcome = 'delivered') AS object_bytes
        FROM {ledger:Identifier}.offsets
        WHERE outcome != 'superseded' OR (epoch, number) NOT IN
        (
            /* being replaced */
        )
        GROUP BY epoch, number
    ),
    sums AS
    (
        SELECT
            sumIf(orders.rows, replaces_epoch = 0) AS ordered,
            sumIf(orders.rows, outcomes.ended = 'delivered') AS delivered,
            sumIf(orders.rows, outcomes.ended = 'given_up') AS given_up,
            sumIf(orders.rows - least(orders.rows, replacements.left), outcomes.ended = 'superseded') AS lost,
            sumIf(orders.rows, outcomes.ended = '') AS open,
            countIf(outcomes.ended = 'delivered') AS objects,
            sum(outcomes.object_bytes) AS bytes
        FROM
        (
            SELECT DISTINCT epoch, number, rows, replaces_epoch
            FROM {ledger:Identifier}.orders
            WHERE epoch BETWEEN {begin:UInt64} AND {epoch:UInt64} AND from_epoch >= {begin:UInt64}
        ) AS orders
        LEFT JOIN outcomes USING (epoch, number)
        LEFT JOIN
        (
            SELECT replaces_epoch AS epoch, replaces_number AS number, sum(rows) AS left
            FROM (SELECT DISTINCT epoch, number, rows, replaces_epoch, replaces_number FROM {ledger:Identifier}.orders WHERE replaces_epoch > 0)
            GROUP BY replaces_epoch, replaces_number
        ) AS replacements USING (epoch, number)
    ),
    arrived AS
    (
        SELECT
            sumIf(rows, kind IN ('undeliverable', 'adopted', 'filtered') OR kind = 'group' AND epoch > cut_to) AS claimed,
            sumIf(rows, kind = 'adopted') AS adopted,
            sumIf(rows, kind = 'undeliverable') AS undeliverable,
            sumIf(rows, kind = 'filtered') AS filtered
        FROM
        (
            SELECT DISTINCT epoch, kind, session, bucket, target_bucket, target_prefix, day, rows, checksum
            FROM {ledger:Identifier}.arrivals
            WHERE epoch BETWEEN {begin:UInt64} AND {epoch:UInt64}
        ) AS arrivals
        LEFT JOIN
        (
            SELECT session, bucket, target_bucket, target_prefix, max(to_epoch) AS cut_to
            FROM {ledger:Identifier}.orders
            WHERE epoch >= {begin:UInt64} AND from_epoch < {begin:UInt64}
            GROUP BY session, bucket, target_bucket, target_prefix
        ) AS cut USING (session, bucket, target_bucket, target_prefix)
    )
SELECT
    {begin:UInt64} AS begin,
    {epoch:UInt64} AS epoch,
    (SELECT count() FROM {logs:Identifier}.{table:Identifier}) AS stored,
    (
        SELECT uniqExact(identity)
        FROM {ledger:Identifier}.exceptions
        WHERE kind = 'recovered' AND ledger = (SELECT any(ledger) FROM {ledger:Identifier}.epochs WHERE epoch = 0)
    ) AS recovered,
    *
FROM sums
CROSS JOIN arrived
