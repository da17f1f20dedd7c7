-- The newest row of the log. Of two with one number the lowest block won. Of a replica: how many of the planners' tables it
-- does not have as a whole; where all is 0 the common log of a table may be empty, as that of a new ledger is.
SELECT
    now64(3, 'UTC') AS now,
    concat(hostName(), ' ', toString(serverUUID())) AS server,
    epoch,
    planned_at,
    planner,
    ledger,
    log_table,
    claims,
    frontier,
    length(orders) AS order_count,
    ordered_through,
    sent_through,
    redelivered_at,
    open_from,
    accounted,
    claimed_rows,
    indexed,
    parts,
    (SELECT argMax(version, since) FROM {ledger:Identifier}.versions) AS version,
    (
        SELECT count()
        FROM system.replicas
        WHERE database = {ledger:String}
            AND table IN ('epochs', 'arrivals', 'orders')
            AND (is_readonly OR inserts_in_queue > 0 OR (log_pointer <= log_max_index AND log_max_index > 0))
    ) AS lagging
FROM {ledger:Identifier}.epochs
ORDER BY epoch DESC, _block_number, _block_offset
LIMIT 1
