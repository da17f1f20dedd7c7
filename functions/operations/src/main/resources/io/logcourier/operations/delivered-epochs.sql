-- The epochs that decided orders which were delivered, and how many.
SELECT epoch, uniqExact(number) AS orders
FROM {ledger:Identifier}.offsets
WHERE outcome = 'delivered'
GROUP BY epoch
ORDER BY epoch
