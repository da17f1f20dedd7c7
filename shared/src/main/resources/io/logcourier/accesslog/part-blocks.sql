-- The lowest and the highest block number that the rows of each part have.
SELECT _part AS part, min(_block_number) AS low, max(_block_number) AS high
FROM {logs:Identifier}.{table:Identifier}
GROUP BY part
