-- The setting is older than 26.7.2, but before, ALTER UPDATE and DELETE failed on a table that has it (ClickHouse issue 106780,
-- mended by pull request 109281).
SELECT name
FROM system.merge_tree_settings
WHERE name = 'part_minmax_index_columns'
    AND arrayMap(number -> toUInt32OrZero(number), splitByChar('.', version())) >= [26, 7, 2]
