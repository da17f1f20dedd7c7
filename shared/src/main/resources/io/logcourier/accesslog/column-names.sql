-- The columns of the log table.
SELECT name
FROM system.columns
WHERE database = {logs:String} AND table = {table:String}
ORDER BY position
