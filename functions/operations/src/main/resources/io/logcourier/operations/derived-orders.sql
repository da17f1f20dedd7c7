-- The table of orders is what the log decided, field by field; the newest epoch may not be derived yet. What an INSERT
-- recorded twice counts once. Hashes per epoch
-- find the epochs, so that only their orders are compared one by one.
WITH
    decided AS
    (
        SELECT
            epoch,
            toUInt32(place - 1) AS number,
            decided.bucket AS bucket,
            xxHash64(
                planned_at, decided.session, decided.bucket, decided.target_bucket, decided.target_prefix, decided.from_epoch,
                decided.to_epoch, decided.rows, decided.checksum, decided.min_inserted, decided.max_inserted, decided.min_start,
                decided.max_start, decided.key, decided.day, decided.rendering, decided.compression, source_region, more_columns, decided.replaces_epoch, decided.replaces_number) AS hash
        FROM
        (
            SELECT epoch, planned_at, orders, source_region, more_columns
            FROM {ledger:Identifier}.epochs
            WHERE epoch < (SELECT max(epoch) FROM {ledger:Identifier}.epochs)
                AND (epoch, (_block_number, _block_offset)) IN
                (
                    SELECT epoch, min((_block_number, _block_offset)) FROM {ledger:Identifier}.epochs GROUP BY epoch
                )
        )
        ARRAY JOIN orders AS decided, arrayEnumerate(orders) AS place
    ),
    derived AS
    (
        SELECT DISTINCT
            epoch,
            number,
            bucket,
            xxHash64(
                planned_at, session, bucket, target_bucket, target_prefix, from_epoch, to_epoch, rows, checksum, min_inserted,
                max_inserted, min_start, max_start, key, day, rendering, compression, source_region, more_columns, replaces_epoch, replaces_number) AS hash
        FROM {ledger:Identifier}.orders
        WHERE epoch >= {begin:UInt64} AND epoch < (SELECT max(epoch) FROM {ledger:Identifier}.epochs)
    ),
    suspects AS
    (
        SELECT epoch
        FROM
        (
            SELECT epoch, number, hash, 1 AS side FROM decided
            UNION ALL
            SELECT epoch, number, hash, -1 AS side FROM derived
        )
        GROUP BY epoch
        HAVING sum(side) != 0 OR sum(side * reinterpretAsInt64(xxHash64(number, hash))) != 0
    )
SELECT concat(
    'order ', toString(epoch), '/', toString(number), ' of bucket ', max(bucket), ': ',
    multiIf(
        countIf(side = 'log') = 0, 'it is in the table of orders, but the log did not decide it so',
        countIf(side = 'table') = 0, 'the log decided it, but it is not in the table of orders',
        'the log did not decide it so as the table of orders has it')) AS what
FROM
(
    SELECT epoch, number, bucket, hash, 'log' AS side FROM decided WHERE epoch IN (SELECT epoch FROM suspects)
    UNION ALL
    SELECT epoch, number, bucket, hash, 'table' AS side FROM derived WHERE epoch IN (SELECT epoch FROM suspects)
)
GROUP BY epoch, number
HAVING count() != 2 OR uniqExact(hash) != 1
ORDER BY epoch, number
