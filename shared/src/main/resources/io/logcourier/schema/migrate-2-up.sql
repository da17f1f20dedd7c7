-- What a planner knew of the parts of the log table, and how many rows it counted in what it claimed.
ALTER TABLE {ledger:Identifier}.epochs/* on cluster */
    ADD COLUMN IF NOT EXISTS accounted Bool COMMENT 'whether the planner counted the rows of what it claims, and knew the parts of the log table' AFTER open_from,
    ADD COLUMN IF NOT EXISTS claimed_rows UInt64 COMMENT 'rows that it counted in the claimed blocks' AFTER accounted,
    ADD COLUMN IF NOT EXISTS indexed Bool DEFAULT true COMMENT 'whether an index of block numbers finds all rows of the claims; that of attached parts does not' AFTER claimed_rows,
    ADD COLUMN IF NOT EXISTS parts Array(Tuple(
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
    )) COMMENT 'the parts of the log table: how many of their rows are in claimed blocks; gone are those that went away before they expired' CODEC(ZSTD(3)) AFTER indexed
