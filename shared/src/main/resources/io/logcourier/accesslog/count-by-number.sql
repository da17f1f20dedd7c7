-- The rows of some blocks, without the index of block numbers that a part may have: that of a part which was attached may lie.
SELECT countIf(/* claimed */) AS count
FROM {logs:Identifier}.{table:Identifier}
WHERE _partition_id IN /* partitions */
