-- The columns of the log table.
SELECT name, default_kind
FROM system.columns
WHERE database = {logs:String} AND table = {table:String}
ORDER BY position
