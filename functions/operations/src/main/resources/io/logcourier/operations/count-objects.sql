-- How many orders of some epochs have an object and are in a share, as in objects.sql.
SELECT uniqExact(epoch, number) AS count
FROM {ledger:Identifier}.offsets
WHERE outcome = 'delivered' AND epoch BETWEEN {from:UInt64} AND {through:UInt64}
    AND ({at:UInt64} + {cycle:UInt64} - sipHash64(epoch, number) % {cycle:UInt64}) % {cycle:UInt64} < {span:UInt64}
