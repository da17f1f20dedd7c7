-- One INSERT is one block, whatever its size.
INSERT INTO {logs:Identifier}.{table:Identifier}
(
    hostname, startTime, requester, operation, requestURI, objectSize, totalTime, turnAroundTime, userAgent,
    signatureVersion, cipherSuite, authenticationType, hostHeader, tlsVersion, bucketOwner, bucketName, req_id, bytesSent,
    clientIP, httpCode, objectKey, logFormatVersion, loggingEnabled, loggingTargetBucket, loggingTargetPrefix, raftSessionID
)
SELECT
    hostname, startTime, requester, operation, requestURI, objectSize, totalTime, turnAroundTime, userAgent,
    signatureVersion, cipherSuite, authenticationType, hostHeader, tlsVersion, bucketOwner, bucketName, req_id, bytesSent,
    clientIP, httpCode, objectKey, logFormatVersion, loggingEnabled, loggingTargetBucket, loggingTargetPrefix, raftSessionID
FROM
(
/* rows */
)
SETTINGS
    max_insert_threads = 1,
    max_threads = 1,
    min_insert_block_size_rows = 100000000,
    min_insert_block_size_bytes = 0,
    max_insert_block_size = 100000000,
    max_insert_block_size_bytes = 0
