-- The rows of an epoch per group and day, and the seal over all of them, in the columns of the table of arrivals. Names that
-- are no UTF-8 are mended for the table, only those, since that takes a while; no row with such a name is delivered,
-- nor one whose target no bucket can be called.
SELECT
    {epoch:UInt64} AS epoch,
    fromUnixTimestamp64Milli({planned_at:Int64}, 'UTC') AS planned_at,
    CAST(
        if(grouping(row_kind) = 1, 2, row_kind),
        'Enum8(\'group\' = 0, \'undeliverable\' = 1, \'seal\' = 2, \'adopted\' = 3, \'filtered\' = 4)') AS kind,
    raftSessionID AS session,
    bucket,
    target_bucket,
    target_prefix,
    day,
    count() AS rows,
    sum(/* identity */) AS checksum,
    toDateTime(min(insertedAt), 'UTC') AS min_inserted,
    toDateTime(max(insertedAt), 'UTC') AS max_inserted,
    min(/* time */) AS min_start,
    max(/* time */) AS max_start,
    argMax(courier_key_format, insertedAt) AS key_format
FROM
(
    WITH
        -- Where the log table has no such columns.
        '' AS loggingTargetKeyFormat,
        '' AS filteredBy
    SELECT
        insertedAt,
        startTime,
        req_id,
        raftSessionID,
        bucketName,
        loggingTargetBucket,
        loggingTargetPrefix,
        _partition_id,
        _block_number,
        _block_offset,
        CAST(loggingTargetKeyFormat, 'String') AS courier_key_format,
        filteredBy != '' AS courier_is_filtered,
        /* adopted */ AS courier_is_adopted
    FROM {logs:Identifier}.{table:Identifier} AS log
    /* cut-offs */
    WHERE /* claimed */
    SETTINGS prefer_column_name_to_alias = 1
) AS log
GROUP BY GROUPING SETS
(
    (
        raftSessionID,
        if(isValidUTF8(bucketName), bucketName, toValidUTF8(bucketName)) AS bucket,
        if(isValidUTF8(loggingTargetBucket), loggingTargetBucket, toValidUTF8(loggingTargetBucket)) AS target_bucket,
        if(isValidUTF8(loggingTargetPrefix), loggingTargetPrefix, toValidUTF8(loggingTargetPrefix)) AS target_prefix,
        /* day */ AS day,
        multiIf(
            courier_is_adopted,
            3,
            courier_is_filtered,
            4,
            bucketName != ''
                AND match(loggingTargetBucket, {bucket_name:String})
                AND isValidUTF8(bucketName)
                AND isValidUTF8(loggingTargetPrefix),
            0,
            1) AS row_kind
    ),
    ()
)
