-- The orders that an epoch decided, one row each, in the columns of the table of orders.
SELECT
    epoch,
    toUInt32(place - 1) AS number,
    planned_at,
    decided.session AS session,
    decided.bucket AS bucket,
    decided.target_bucket AS target_bucket,
    decided.target_prefix AS target_prefix,
    decided.from_epoch AS from_epoch,
    decided.to_epoch AS to_epoch,
    decided.rows AS rows,
    decided.checksum AS checksum,
    decided.min_inserted AS min_inserted,
    decided.max_inserted AS max_inserted,
    decided.min_start AS min_start,
    decided.max_start AS max_start,
    decided.key AS key,
    decided.day AS day,
    decided.rendering AS rendering,
    decided.compression AS compression,
    source_region,
    more_columns,
    decided.replaces_epoch AS replaces_epoch,
    decided.replaces_number AS replaces_number
FROM
(
    SELECT epoch, planned_at, orders, source_region, more_columns
    FROM {ledger:Identifier}.epochs
    WHERE epoch = {epoch:UInt64}
    ORDER BY _block_number, _block_offset
    LIMIT 1
)
ARRAY JOIN
    orders AS decided,
    arrayEnumerate(orders) AS place
