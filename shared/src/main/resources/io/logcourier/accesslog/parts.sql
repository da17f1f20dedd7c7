-- Which table this is, and the parts that are active now, in one atomic look, oldest partition first. Block numbers mean
-- nothing in another table of the same name. Containers share a host's name, so a server is known by its id too. Tables that are made on each replica by hand have the path in Keeper in common.
SELECT
    concat(hostName(), ' ', toString(serverUUID())) AS server,
    if(
        startsWith(engine, 'Replicated'),
        (SELECT any(zookeeper_path) FROM system.replicas WHERE database = {logs:String} AND table = {table:String}),
        toString(uuid)) AS log_table,
    (
        SELECT CAST(
            arraySort(groupArray((partition_id, min_block_number, max_block_number, rows))),
            'Array(Tuple(partition String, low UInt64, high UInt64, rows UInt64))')
        FROM system.parts
        WHERE database = {logs:String}
            AND table = {table:String}
            AND active
            AND NOT startsWith(partition_id, 'patch-')
    ) AS parts
FROM system.tables
WHERE database = {logs:String} AND name = {table:String}
