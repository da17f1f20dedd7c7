-- Derived from the claims of an epoch: its rows per group, and one seal row that says they are complete. Adopted are rows
-- that an incumbent has delivered, filtered those that a rule keeps out of objects.
CREATE TABLE IF NOT EXISTS {ledger:Identifier}.arrivals/* on cluster */
(
    epoch UInt64,
    planned_at DateTime64(3, 'UTC'),
    kind Enum8('group' = 0, 'undeliverable' = 1, 'seal' = 2, 'adopted' = 3, 'filtered' = 4),
    session UInt16,
    bucket String,
    target_bucket String,
    target_prefix String,
    day Date32 COMMENT 'of startTime, UTC',
    rows UInt64,
    checksum Int64,
    min_inserted DateTime('UTC'),
    max_inserted DateTime('UTC'),
    min_start DateTime64(3, 'UTC'),
    max_start DateTime64(3, 'UTC'),
    key_format String COMMENT 'what the newest of the rows asks for in loggingTargetKeyFormat'
)
ENGINE = /* engine */
PARTITION BY intDiv(epoch, {epochs_per_partition:UInt64})
ORDER BY (epoch, kind, session, bucket, target_bucket, target_prefix, day)
SETTINGS
    /* deduplication */,
    max_suspicious_broken_parts = 0,
    fsync_after_insert = 1,
    fsync_part_directory = 1
