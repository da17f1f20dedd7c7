-- Where the books begin. They lose whole partitions only, so an epoch that is gone from the first one is missing.
SELECT intDiv(min(epoch), {epochs_per_partition:UInt64}) * {epochs_per_partition:UInt64} AS epoch, min(planned_at) AS planned_at
FROM {ledger:Identifier}.epochs
