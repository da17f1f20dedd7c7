-- Rows of which the cut-offs say the wrong thing, by the incumbent's own log objects. Written as the cut-offs are.
CREATE TABLE IF NOT EXISTS {ledger:Identifier}.exceptions/* on cluster */
(
    ledger String,
    kind Enum8('recovered' = 0, 'ahead' = 1) COMMENT 'recovered: up to the cut-off, but in no object; ahead: beyond it, but in one',
    session UInt16,
    bucket String,
    identity Int64 COMMENT 'the hash by which the ledger knows the row'
)
ENGINE = /* engine */
ORDER BY (ledger, kind, identity)
SETTINGS
    max_suspicious_broken_parts = 0,
    fsync_after_insert = 1,
    fsync_part_directory = 1
