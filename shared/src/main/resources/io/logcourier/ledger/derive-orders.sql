-- The orders that an epoch decided, one row each, in the columns of the table of orders.
SELECT
    epoch,
    toUInt32(place - 1) AS number,
    planned_at,
    decided.session,
    decided.bucket,
    decided.target_bucket,
    decided.target_prefix,
    decided.from_epoch,
    decided.to_epoch,
    decided.rows,
    decided.checksum,
    decided.min_inserted,
    decided.max_inserted,
    decided.min_start,
    decided.max_start,
    decided.key,
    rendering,
    source_region,
    decided.replaces_epoch,
    decided.replaces_number
FROM
(
    SELECT epoch, planned_at, orders, rendering, source_region
    FROM {ledger:Identifier}.epochs
    WHERE epoch = {epoch:UInt64}
    ORDER BY _block_number, _block_offset
    LIMIT 1
)
ARRAY JOIN
    orders AS decided,
    arrayEnumerate(orders) AS place
