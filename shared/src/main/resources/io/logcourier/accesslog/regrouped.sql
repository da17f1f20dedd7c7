-- Of the rows of some epochs: how many groups have beyond what arrived in them, and whether all of them are there and the same.
-- Names that are no UTF-8 are mended as arrivals have them.
SELECT
    sumIf(now_rows - arrived_rows, now_rows > arrived_rows) AS more,
    sum(now_rows) = sum(arrived_rows) AND sum(now_checksum) = sum(arrived_checksum) AS are_same
FROM
(
    SELECT
        session,
        bucket,
        target_bucket,
        target_prefix,
        sumIf(rows, is_now) AS now_rows,
        sumIf(checksum, is_now) AS now_checksum,
        sumIf(rows, NOT is_now) AS arrived_rows,
        sumIf(checksum, NOT is_now) AS arrived_checksum
    FROM
    (
        SELECT
            true AS is_now,
            raftSessionID AS session,
            if(isValidUTF8(bucketName), bucketName, toValidUTF8(bucketName)) AS bucket,
            if(isValidUTF8(loggingTargetBucket), loggingTargetBucket, toValidUTF8(loggingTargetBucket)) AS target_bucket,
            if(isValidUTF8(loggingTargetPrefix), loggingTargetPrefix, toValidUTF8(loggingTargetPrefix)) AS target_prefix,
            count() AS rows,
            sum(/* identity */) AS checksum
        FROM {logs:Identifier}.{table:Identifier} AS log
        WHERE /* claimed */
        GROUP BY session, bucket, target_bucket, target_prefix
        UNION ALL
        SELECT
            false AS is_now,
            session,
            bucket,
            target_bucket,
            target_prefix,
            rows,
            checksum
        FROM
        (
            SELECT DISTINCT epoch, kind, session, bucket, target_bucket, target_prefix, day, rows, checksum
            FROM {ledger:Identifier}.arrivals
            WHERE epoch BETWEEN {from:UInt64} AND {to:UInt64} AND kind != 'seal'
        )
    )
    GROUP BY session, bucket, target_bucket, target_prefix
)
