-- The sums of a lane. A delivered order stays delivered, whatever else was recorded of it. The rows of a superseded
-- order are in its replacement or lost.
WITH
    outcomes AS
    (
        SELECT
            epoch,
            number,
            multiIf(countIf(outcome = 'delivered') > 0, 'delivered', countIf(outcome = 'superseded') > 0, 'superseded', 'given_up') AS ended,
            anyIf(bytes, outcome = 'delivered') AS object_bytes
        FROM {ledger:Identifier}.offsets
        GROUP BY epoch, number
    ),
    sums AS
    (
        SELECT
            sumIf(orders.rows, replaces_epoch = 0) AS ordered,
            sumIf(orders.rows, outcomes.ended = 'delivered') AS delivered,
            sumIf(orders.rows, outcomes.ended = 'given_up') AS given_up,
            sumIf(orders.rows, outcomes.ended = 'superseded') - sumIf(orders.rows, replaces_epoch > 0) AS lost,
            sumIf(orders.rows, outcomes.ended = '') AS open,
            countIf(outcomes.ended = 'delivered') AS objects,
            sum(outcomes.object_bytes) AS bytes
        FROM {ledger:Identifier}.orders AS orders
        LEFT JOIN outcomes USING (epoch, number)
        WHERE epoch <= {epoch:UInt64}
    )
SELECT
    {epoch:UInt64} AS epoch,
    (SELECT count() FROM {logs:Identifier}.{table:Identifier}) AS stored,
    (SELECT sumIf(rows, kind = 'seal') FROM {ledger:Identifier}.arrivals WHERE epoch <= {epoch:UInt64}) AS claimed,
    (SELECT sumIf(rows, kind = 'undeliverable') FROM {ledger:Identifier}.arrivals WHERE epoch <= {epoch:UInt64}) AS undeliverable,
    *
FROM sums
