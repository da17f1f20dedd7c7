-- The columns that a row which is sent may name, in order, and the time.
SELECT
    now64(3, 'UTC') AS now,
    (
        SELECT CAST(
            arrayMap(column -> (column.2, column.3), arraySort(groupArray((position, name, type)))),
            'Array(Tuple(name String, type String))')
        FROM system.columns
        WHERE concat(database, '.', table) = {ingest:String} AND default_kind NOT IN ('MATERIALIZED', 'ALIAS')
    ) AS columns
