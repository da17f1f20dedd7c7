-- The marks of stored rows of a span of time, to the millisecond: a digest of time, bucket, request id, operation, key and version,
-- each text with its length before it. The loader makes the same of the rows of a file.
SELECT DISTINCT
    hex(substring(
        SHA256(
            concat(
                toString(toUnixTimestamp64Milli(toDateTime64(startTime, 3))),
                ' ', toString(length(bucketName)), ' ', bucketName,
                ' ', toString(length(req_id)), ' ', req_id,
                ' ', toString(length(ifNull(operation, ''))), ' ', ifNull(operation, ''),
                ' ', toString(length(ifNull(objectKey, ''))), ' ', ifNull(objectKey, ''),
                ' ', toString(length(ifNull(versionId, ''))), ' ', ifNull(versionId, ''))),
        1,
        16)) AS mark
FROM {logs:Identifier}.{table:Identifier}
WHERE toDateTime64(startTime, 3) BETWEEN fromUnixTimestamp64Milli({first:Int64}) AND fromUnixTimestamp64Milli({last:Int64})
