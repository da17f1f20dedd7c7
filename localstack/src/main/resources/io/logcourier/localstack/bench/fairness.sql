-- When the rows of small buckets and those of the giant were committed, in seconds after the start.
WITH dateDiff('millisecond', fromUnixTimestamp64Milli({start:Int64}), committed_at) / 1000 AS seconds
SELECT
    quantileExactWeightedIf(0.5)(seconds, rows, bucket != 'bucket-00000') AS small_median,
    quantileExactWeightedIf(0.99)(seconds, rows, bucket != 'bucket-00000') AS small_p99,
    quantileExactWeightedIf(0.5)(seconds, rows, bucket = 'bucket-00000') AS giant_median,
    quantileExactWeightedIf(0.99)(seconds, rows, bucket = 'bucket-00000') AS giant_p99
FROM {ledger:Identifier}.orders
INNER JOIN {ledger:Identifier}.offsets USING (epoch, number, rows)
WHERE epoch > {after:UInt64}
