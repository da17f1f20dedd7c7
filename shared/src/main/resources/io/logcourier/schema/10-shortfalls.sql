-- Orders whose rows were not all found, by a server that had everything. Two sightings far enough apart, the later one
-- confirmed, let a planner supersede the order.
CREATE TABLE IF NOT EXISTS {ledger:Identifier}.shortfalls/* on cluster */
(
    epoch UInt64,
    number UInt32,
    seen_at DateTime64(3, 'UTC') DEFAULT now64(3),
    found UInt64 COMMENT 'rows of it that were there',
    finding Enum8('lacking' = 0, 'confirmed' = 1, 'whole' = 2) COMMENT 'confirmed: no worker that saw more can still be at work, and no object was completed; whole: a planner found all after all'
)
ENGINE = /* engine */
PARTITION BY intDiv(epoch, {epochs_per_partition:UInt64})
ORDER BY (epoch, number)
SETTINGS
    max_suspicious_broken_parts = 0,
    fsync_after_insert = 1,
    fsync_part_directory = 1
