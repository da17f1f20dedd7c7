-- The sums of a lane. A delivered order stays delivered, whatever else was recorded of it.
WITH
    outcomes AS
    (
        SELECT
            epoch,
            number,
            multiIf(has(groupArray(outcome), 'delivered'), 'delivered', has(groupArray(outcome), 'superseded'), 'superseded', 'given_up') AS outcome,
            anyIf(bytes, outcome = 'delivered') AS bytes
        FROM {ledger:Identifier}.offsets AS all
        GROUP BY epoch, number
    ),
    sums AS
    (
        SELECT
            sum(orders.rows) AS ordered,
            sumIf(orders.rows, outcomes.outcome = 'delivered') AS delivered,
            sumIf(orders.rows, outcomes.outcome = 'given_up') AS given_up,
            sumIf(orders.rows, outcomes.outcome = 'superseded') AS superseded,
            sumIf(orders.rows, outcomes.outcome = '') AS open,
            countIf(outcomes.outcome = 'delivered') AS objects,
            sum(outcomes.bytes) AS bytes
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
