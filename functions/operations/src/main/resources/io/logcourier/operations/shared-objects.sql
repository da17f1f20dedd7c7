-- Objects that two orders were delivered as: one overwrote the other. Names as hashes fit memory.
WITH
    delivered AS
    (
        SELECT epoch, number, target_bucket, key, sipHash64(target_bucket, key) AS name
        FROM {ledger:Identifier}.offsets
        WHERE outcome = 'delivered'
    )
SELECT concat(
    'object ', target_bucket, '/', key, ' is that of several orders: ',
    arrayStringConcat(
        arrayMap(id -> concat(toString(id.1), '/', toString(id.2)), arraySort(groupUniqArray((epoch, number)))), ', ')) AS what
FROM delivered
WHERE name IN
(
    SELECT name
    FROM delivered
    GROUP BY name
    HAVING min(bitShiftLeft(epoch, 32) + number) != max(bitShiftLeft(epoch, 32) + number)
)
GROUP BY target_bucket, key
HAVING min((epoch, number)) != max((epoch, number))
ORDER BY what
