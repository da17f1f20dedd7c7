-- Parts of the log table that were set aside, by people or by ClickHouse, made since a time. Names that are no parts' names
-- have no numbers.
SELECT partition_id AS partition, min_block_number AS low, max_block_number AS high, name, reason
FROM system.detached_parts
WHERE database = {logs:String}
    AND table = {table:String}
    AND min_block_number IS NOT NULL
    AND modification_time >= toDateTime({since:UInt32})
    AND NOT startsWith(assumeNotNull(partition_id), 'patch-')
ORDER BY partition, low, name
