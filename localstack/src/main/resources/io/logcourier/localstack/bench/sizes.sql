-- The sizes of the objects whose orders were decided after an epoch.
SELECT bytes FROM {ledger:Identifier}.offsets WHERE outcome = 'delivered' AND epoch > {after:UInt64} ORDER BY epoch, number
