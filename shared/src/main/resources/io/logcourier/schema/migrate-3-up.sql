-- Rows that a rule keeps out of log objects, and what their owners ask for as keys.
ALTER TABLE {ledger:Identifier}.arrivals/* on cluster */
    MODIFY COLUMN kind Enum8('group' = 0, 'undeliverable' = 1, 'seal' = 2, 'adopted' = 3, 'filtered' = 4),
    ADD COLUMN IF NOT EXISTS key_format String COMMENT 'what the newest of the rows asks for in loggingTargetKeyFormat' AFTER max_start
