-- One row per request. Block numbers are what the ledger claims: they must be kept from the first row on.
CREATE TABLE IF NOT EXISTS {logs:Identifier}.{table:Identifier}
(
    insertedAt DateTime DEFAULT now(),
    hostname LowCardinality(Nullable(String)),
    startTime DateTime64(3),
    requester Nullable(String),
    operation Nullable(String),
    requestURI Nullable(String),
    errorCode Nullable(String),
    objectSize Nullable(UInt64),
    totalTime Nullable(Float32),
    turnAroundTime Nullable(Float32),
    referer Nullable(String),
    userAgent Nullable(String),
    versionId Nullable(String),
    signatureVersion LowCardinality(Nullable(String)),
    cipherSuite LowCardinality(Nullable(String)),
    authenticationType LowCardinality(Nullable(String)),
    hostHeader Nullable(String),
    tlsVersion LowCardinality(Nullable(String)),
    aclRequired LowCardinality(Nullable(String)),
    bucketOwner Nullable(String),
    bucketName String,
    req_id String,
    bytesSent Nullable(UInt64),
    clientIP Nullable(String),
    httpCode Nullable(UInt16),
    objectKey Nullable(String),
    logFormatVersion LowCardinality(Nullable(String)),
    loggingEnabled Bool,
    loggingTargetBucket String,
    loggingTargetPrefix String,
    awsAccessKeyID Nullable(String),
    raftSessionID UInt16
)
ENGINE = MergeTree
PARTITION BY toStartOfHour(insertedAt)
ORDER BY (raftSessionID, bucketName, insertedAt, startTime, req_id)
TTL insertedAt + toIntervalSecond({log_retention:UInt32})
SETTINGS
    enable_block_number_column = 1,
    enable_block_offset_column = 1,
    ttl_only_drop_parts = 1
