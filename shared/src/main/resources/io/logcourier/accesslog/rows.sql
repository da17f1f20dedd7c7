-- The rows of some orders, each with the number of its order and its identity, in order. The number is looked up in a constant,
-- by group, and by day where the orders are of days: a JOIN would copy all columns of every row. Keys and numbers are aggregated
-- as pairs: of a sparse column, ClickHouse aggregates the zeros last. The log table may have columns of any name,
-- MATERIALIZED and ALIAS ones as well. The bounds of insertedAt are whole seconds, it may have parts of them.
FROM
(
    WITH
        (
            SELECT groupArray((
                concat(
                    toString(session), ' ', toString(length(bucket)), ' ', toString(length(target_bucket)), ' ',
                    day, bucket, target_bucket, target_prefix),
                number))
            FROM {ledger:Identifier}.orders
            WHERE epoch = {epoch:UInt64} AND number IN /* numbers */
        ) AS courier_wanted,
        toUInt32(4294967295) AS courier_none,
        -- Where the log table has no such columns.
        CAST(NULL, 'LowCardinality(Nullable(String))') AS sourceRegion,
        '' AS filteredBy
    SELECT
        log.*,
        transform(
            concat(
                toString(log.raftSessionID), ' ', toString(length(log.bucketName)), ' ',
                toString(length(log.loggingTargetBucket)), ' ',
                if({by_day:UInt8} = 1, toString(/* day */), ''),
                log.bucketName, log.loggingTargetBucket, log.loggingTargetPrefix),
            courier_wanted.1,
            courier_wanted.2,
            courier_none) AS courier_order,
        /* identity */ AS courier_identity,
        CAST(sourceRegion, 'LowCardinality(Nullable(String))') AS courier_region,
        _partition_id,
        _block_number,
        _block_offset
    FROM {logs:Identifier}.{table:Identifier} AS log
    /* cut-offs */
    WHERE (raftSessionID, bucketName) IN
        (
            SELECT session, bucket
            FROM {ledger:Identifier}.orders
            WHERE epoch = {epoch:UInt64} AND number IN /* numbers */
        )
        AND courier_order != courier_none
        AND filteredBy = ''
        AND insertedAt >= toDateTime({min_inserted:UInt32})
        AND insertedAt < toDateTime64({max_inserted:UInt32} + toInt64(1), 0)
        AND /* claimed */
        AND NOT /* adopted */
    SETTINGS prefer_column_name_to_alias = 1
) AS log
ORDER BY courier_order, startTime, req_id, _partition_id, _block_number, _block_offset
