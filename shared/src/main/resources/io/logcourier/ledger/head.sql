-- The newest row of the log. Of two with one number the lowest block won.
SELECT
    now64(3, 'UTC') AS now,
    epoch,
    planned_at,
    planner,
    ledger,
    claims,
    frontier,
    length(orders) AS order_count,
    ordered_through,
    sent_through,
    redelivered_at,
    open_from
FROM {ledger:Identifier}.epochs
ORDER BY epoch DESC, _block_number, _block_offset
LIMIT 1
