-- One row per request. Block numbers are what the ledger claims: they must be kept from the first row on.
CREATE TABLE IF NOT EXISTS {logs:Identifier}.{table:Identifier}
(
    /* columns */
)
ENGINE = MergeTree
PARTITION BY toStartOfHour(insertedAt)
ORDER BY (raftSessionID, bucketName, insertedAt, startTime, req_id)
TTL insertedAt + toIntervalSecond({log_retention:UInt32})
SETTINGS
    enable_block_number_column = 1,
    enable_block_offset_column = 1,
    ttl_only_drop_parts = 1
