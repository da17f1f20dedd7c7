-- The orders of a bucket with a request in a span of time, whole; what was superseded is left to its replacement.
SELECT *
FROM {ledger:Identifier}.orders
WHERE bucket = {bucket:String}
    AND min_start < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
    AND max_start >= fromUnixTimestamp64Milli({from:Int64}, 'UTC')
    AND (epoch, number) NOT IN
    (
        SELECT epoch, number FROM {ledger:Identifier}.offsets WHERE outcome = 'superseded'
    )
ORDER BY epoch, number
LIMIT 1 BY epoch, number
