SELECT _block_number AS block, count() AS rows
FROM {logs:Identifier}.{table:Identifier}
WHERE /* claimed */
GROUP BY block
ORDER BY block
