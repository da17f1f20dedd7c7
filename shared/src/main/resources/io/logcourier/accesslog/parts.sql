-- The parts that are active now, in one atomic look, oldest partition first.
SELECT
    partition_id AS partition,
    min_block_number AS low,
    max_block_number AS high,
    rows
FROM system.parts
WHERE database = {logs:String}
    AND table = {table:String}
    AND active
    AND NOT startsWith(partition_id, 'patch-')
ORDER BY partition_id, min_block_number
