-- The rows of each sealed epoch.
SELECT epoch, sum(rows) AS rows
FROM {ledger:Identifier}.arrivals
WHERE kind = 'seal' AND epoch >= {begin:UInt64}
GROUP BY epoch
