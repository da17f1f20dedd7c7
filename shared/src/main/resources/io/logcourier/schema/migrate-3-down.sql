-- The kind 'filtered' stays: it is part of the order of rows, and the former version counts such rows as claimed.
ALTER TABLE {ledger:Identifier}.arrivals/* on cluster */
    DROP COLUMN IF EXISTS key_format
