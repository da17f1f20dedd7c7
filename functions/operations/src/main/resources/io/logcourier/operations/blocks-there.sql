SELECT DISTINCT _block_number AS block
FROM {logs:Identifier}.{table:Identifier}
WHERE /* claimed */
ORDER BY block
