-- One row per request. Block numbers are what the ledger claims: they must be kept from the first row on. A power cut, or a
-- broken part that is set aside, must not have them used again for other rows.
CREATE TABLE IF NOT EXISTS {logs:Identifier}.{table:Identifier}/* on cluster */
(
    /* columns */
)
ENGINE = /* engine */
PARTITION BY toStartOfHour(insertedAt)
ORDER BY (raftSessionID, bucketName, insertedAt, startTime, req_id)
TTL insertedAt + toIntervalSecond({log_retention:UInt32})
SETTINGS
    enable_block_number_column = 1,
    enable_block_offset_column = 1,
    ttl_only_drop_parts = 1,
    max_suspicious_broken_parts = 0,
    fsync_after_insert = 1,
    fsync_part_directory = 1
