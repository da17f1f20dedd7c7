-- Derived from the orders in the log, one row each.
CREATE TABLE IF NOT EXISTS {ledger:Identifier}.orders/* on cluster */
(
    epoch UInt64 COMMENT 'the epoch that decided it',
    number UInt32 COMMENT 'its place among the orders of that epoch',
    planned_at DateTime64(3, 'UTC'),
    session UInt16,
    bucket String,
    target_bucket String,
    target_prefix String,
    from_epoch UInt64,
    to_epoch UInt64,
    rows UInt64,
    checksum Int64,
    min_inserted DateTime('UTC'),
    max_inserted DateTime('UTC'),
    min_start DateTime64(3, 'UTC'),
    max_start DateTime64(3, 'UTC'),
    key String,
    day String COMMENT 'UTC day of startTime whose rows alone it takes, or empty',
    rendering String COMMENT 'how its rows become lines: name and version',
    compression String COMMENT 'of its object: none, gzip or zstd',
    source_region String,
    more_columns Array(String) COMMENT 'columns of the log table that follow the fields',
    replaces_epoch UInt64 COMMENT 'with replaces_number, the order that lost rows and whose other rows this one takes; or 0',
    replaces_number UInt32
)
ENGINE = /* engine */
PARTITION BY intDiv(epoch, {epochs_per_partition:UInt64})
ORDER BY (epoch, number)
SETTINGS
    /* deduplication */,
    max_suspicious_broken_parts = 0,
    fsync_after_insert = 1,
    fsync_part_directory = 1
