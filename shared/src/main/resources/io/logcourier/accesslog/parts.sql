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
            arraySort(groupArray((
                partition_id,
                min_block_number,
                max_block_number,
                rows,
                name,
                reinterpretAsInt64(sipHash64(hash_of_all_files)),
                data_version > min_block_number,
                toInt64(toUnixTimestamp(delete_ttl_info_min))))),
            'Array(Tuple(partition String, low UInt64, high UInt64, rows UInt64, name String, id Int64, mutated Bool, expires Int64))')
        FROM system.parts
        WHERE database = {logs:String}
            AND table = {table:String}
            AND active
            AND NOT startsWith(partition_id, 'patch-')
    ) AS parts,
    position(engine_full, 'part_minmax_index_columns = \'with_block_number_offset\'') > 0 AS indexed
FROM system.tables
WHERE database = {logs:String} AND name = {table:String}
