-- The log: one row per epoch, appended by compare-and-set on its number. Everything else follows from it.
-- Compare-and-set holds within one partition only: a number always falls into the same one. Partitions that the books
-- need no more are dropped by planners.
CREATE TABLE IF NOT EXISTS {ledger:Identifier}.epochs/* on cluster */
(
    epoch UInt64,
    planned_at DateTime64(3, 'UTC') COMMENT 'by the clock of ClickHouse',
    planner String COMMENT 'who appended the row; decides a race',
    ledger String COMMENT 'random id, made with epoch 0; part of every object key',
    log_table String COMMENT 'what the log table is, whatever it is called: its UUID, or its path in Keeper',
    claims Array(Tuple(partition String, low UInt64, high UInt64)) COMMENT 'block numbers claimed by this epoch',
    frontier Array(Tuple(partition String, low UInt64, high UInt64)) COMMENT 'all that is claimed so far in the live partitions',
    orders Array(Tuple(
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
        day String,
        rendering String,
        compression String,
        replaces_epoch UInt64,
        replaces_number UInt32
    )) COMMENT 'orders decided in this step, for arrivals of earlier epochs; the place in the array is the number',
    source_region String COMMENT 'the Source Region field, in renderings of version 1',
    more_columns Array(String) COMMENT 'columns of the log table that follow the fields in the objects of this step',
    ordered_through UInt64 COMMENT 'every deliverable arrival up to this epoch is in an order',
    sent_through UInt64 COMMENT 'every order decided up to this epoch was enqueued',
    redelivered_at DateTime64(3, 'UTC') COMMENT 'when open orders were last enqueued again',
    open_from UInt64 COMMENT 'no order decided before this epoch is open',
    accounted Bool COMMENT 'whether the planner counted the rows of what it claims, and knew the parts of the log table',
    claimed_rows UInt64 COMMENT 'rows that it counted in the claimed blocks',
    indexed Bool DEFAULT true COMMENT 'whether an index of block numbers finds all rows of the claims; that of attached parts does not',
    parts Array(Tuple(
        partition String,
        low UInt64,
        high UInt64,
        id Int64,
        rows UInt64,
        mark Int64,
        newest Int64,
        expires Int64,
        whole Bool,
        gone Bool
    )) COMMENT 'the parts of the log table: how many of their rows are in claimed blocks; gone are those that went away before they expired' CODEC(ZSTD(3))
)
ENGINE = /* engine */
PARTITION BY intDiv(epoch, {epochs_per_partition:UInt64})
ORDER BY epoch
SETTINGS
    /* deduplication */,
    enable_block_number_column = 1,
    enable_block_offset_column = 1,
    max_suspicious_broken_parts = 0,
    fsync_after_insert = 1,
    fsync_part_directory = 1
