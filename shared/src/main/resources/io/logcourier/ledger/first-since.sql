SELECT min(epoch) AS epoch
FROM {ledger:Identifier}.epochs
WHERE planned_at >= fromUnixTimestamp64Milli({time:Int64}, 'UTC')
