-- One row per finished order. A retry may insert a second one that says the same: readers count distinct orders.
CREATE TABLE IF NOT EXISTS {ledger:Identifier}.offsets/* on cluster */
(
    epoch UInt64,
    number UInt32,
    outcome Enum8('delivered' = 0, 'given_up' = 1, 'superseded' = 2),
    committed_at DateTime64(3, 'UTC') DEFAULT now64(3),
    target_bucket String,
    key String,
    rows UInt64,
    bytes UInt64,
    crc32c UInt32 COMMENT 'of the bytes of the object',
    reason String
)
ENGINE = /* engine */
PARTITION BY intDiv(epoch, {epochs_per_partition:UInt64})
ORDER BY (epoch, number)
SETTINGS
    max_suspicious_broken_parts = 0,
    fsync_after_insert = 1,
    fsync_part_directory = 1
