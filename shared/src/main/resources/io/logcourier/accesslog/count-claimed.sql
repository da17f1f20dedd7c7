SELECT count() AS count
FROM {logs:Identifier}.{table:Identifier}
WHERE /* claimed */
