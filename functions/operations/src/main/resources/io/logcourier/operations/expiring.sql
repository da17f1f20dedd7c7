-- Parts whose rows begin to go by TTL before a time, and have not all gone.
SELECT partition_id AS partition, min_block_number AS low, max_block_number AS high, rows, name, toString(delete_ttl_info_min) AS since
FROM system.parts
WHERE database = {logs:String}
    AND table = {table:String}
    AND active
    AND rows > 0
    AND NOT startsWith(partition_id, 'patch-')
    AND delete_ttl_info_min > toDateTime(0)
    AND delete_ttl_info_min <= now() + toIntervalSecond({within:UInt64})
ORDER BY partition, low
