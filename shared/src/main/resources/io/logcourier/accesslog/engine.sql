-- How the log table is made, and its columns in order.
SELECT
    engine_full,
    (
        SELECT CAST(
            arrayMap(column -> (column.2, column.3, column.4), arraySort(groupArray((position, name, type, default_kind)))),
            'Array(Tuple(name String, type String, default_kind String))')
        FROM system.columns
        WHERE database = {logs:String} AND table = {table:String}
    ) AS columns
FROM system.tables
WHERE database = {logs:String} AND name = {table:String}
