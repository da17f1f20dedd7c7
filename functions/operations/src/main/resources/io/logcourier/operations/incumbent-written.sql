-- How long ago an incumbent's table of offsets was written to, or merged, in seconds; null where nothing of it has parts.
SELECT if(count() = 0, NULL, greatest(0, dateDiff('second', max(modification_time), now()))) AS seconds
FROM system.parts
WHERE database = {logs:String} AND table = 'offsets'
