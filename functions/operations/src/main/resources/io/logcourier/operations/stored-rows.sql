-- How many rows the log table has.
SELECT count() AS rows
FROM {logs:Identifier}.{table:Identifier}
