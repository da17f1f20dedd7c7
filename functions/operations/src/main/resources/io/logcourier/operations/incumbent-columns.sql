-- The columns of an incumbent's table of offsets.
SELECT name, type
FROM system.columns
WHERE database = {logs:String} AND table = 'offsets'
ORDER BY position
