-- The block numbers that the rows of some parts have.
SELECT DISTINCT _partition_id AS partition, _block_number AS block
FROM {logs:Identifier}.{table:Identifier}
WHERE _part IN /* parts */
ORDER BY partition, block
