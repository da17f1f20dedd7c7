-- The version of these tables: the row written last counts.
CREATE TABLE IF NOT EXISTS {ledger:Identifier}.versions/* on cluster */
(
    version UInt32,
    since DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = /* engine */
ORDER BY since
SETTINGS
    max_suspicious_broken_parts = 0,
    fsync_after_insert = 1,
    fsync_part_directory = 1
