ALTER TABLE {ledger:Identifier}.epochs/* on cluster */
    DROP COLUMN IF EXISTS accounted,
    DROP COLUMN IF EXISTS claimed_rows,
    DROP COLUMN IF EXISTS indexed,
    DROP COLUMN IF EXISTS parts
