-- The partitions that hold nothing but epochs before a given one, those of the log first, orders before their outcomes.
SELECT table, partition_id AS partition
FROM system.parts
WHERE database = {ledger:String}
    AND active
    AND table != 'versions'
    AND toUInt64OrZero(partition_id) < intDiv({needed:UInt64}, {epochs_per_partition:UInt64})
GROUP BY table, partition
ORDER BY indexOf(['epochs', 'shortfalls', 'arrivals', 'orders', 'offsets', 'cut_offs', 'exceptions'], table), toUInt64OrZero(partition)
