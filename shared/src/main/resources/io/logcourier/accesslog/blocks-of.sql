-- The block numbers that the rows of some parts have.
SELECT _partition_id AS partition, _block_number AS block, count() AS rows
FROM {logs:Identifier}.{table:Identifier}
WHERE _part IN /* parts */
GROUP BY partition, block
ORDER BY partition, block
