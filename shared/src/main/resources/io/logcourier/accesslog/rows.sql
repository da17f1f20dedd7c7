-- The rows of some orders, each with the number of its order and its identity, in order. The log table may have columns of
-- any name, MATERIALIZED and ALIAS ones as well.
FROM
(
    SELECT
        log.*,
        wanted.courier_order AS courier_order,
        /* identity */ AS courier_identity,
        _partition_id,
        _block_number,
        _block_offset
    FROM {logs:Identifier}.{table:Identifier} AS log
    INNER JOIN
    (
        SELECT
            number AS courier_order, session, bucket, target_bucket, target_prefix, day = '' AS any_day, toDate32OrZero(day) AS only_day
        FROM {ledger:Identifier}.orders
        WHERE epoch = {epoch:UInt64} AND number IN /* numbers */
    ) AS wanted
    ON log.raftSessionID = wanted.session
        AND log.bucketName = wanted.bucket
        AND log.loggingTargetBucket = wanted.target_bucket
        AND log.loggingTargetPrefix = wanted.target_prefix
    /* cut-offs */
    WHERE (raftSessionID, bucketName) IN
        (
            SELECT session, bucket
            FROM {ledger:Identifier}.orders
            WHERE epoch = {epoch:UInt64} AND number IN /* numbers */
        )
        AND (wanted.any_day OR toDate32(log.startTime, 'UTC') = wanted.only_day)
        AND insertedAt BETWEEN toDateTime({min_inserted:UInt32}) AND toDateTime({max_inserted:UInt32})
        AND /* claimed */
        AND NOT /* adopted */
) AS log
ORDER BY courier_order, startTime, req_id, _partition_id, _block_number, _block_offset
