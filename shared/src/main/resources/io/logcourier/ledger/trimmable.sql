-- The partitions that hold nothing but epochs before a given one, those of the log first, orders before their outcomes.
-- Of these tables only: others in the database are not ours.
WITH ['epochs', 'shortfalls', 'arrivals', 'orders', 'offsets', 'cut_offs', 'exceptions'] AS tables
SELECT table, partition_id AS partition
FROM system.parts
WHERE database = {ledger:String}
    AND active
    AND has(tables, table)
    AND toUInt64OrZero(partition_id) < intDiv({needed:UInt64}, {epochs_per_partition:UInt64})
GROUP BY table, partition
ORDER BY indexOf(tables, table), toUInt64OrZero(partition)
