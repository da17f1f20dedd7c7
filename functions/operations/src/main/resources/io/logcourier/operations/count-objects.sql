-- How many orders with an object are in a share, as in objects.sql.
SELECT uniqExact(epoch, number) AS count
FROM {ledger:Identifier}.offsets
WHERE outcome = 'delivered' AND epoch <= {through:UInt64}
    AND ({at:UInt64} + {cycle:UInt64} - sipHash64(epoch, number) % {cycle:UInt64}) % {cycle:UInt64} < {span:UInt64}
