-- A run of orders, each with its outcomes, what was delivered, and when it was first seen to lack rows since a planner
-- last found all of them.
SELECT
    outcomes,
    delivered.1 AS delivered_bytes,
    delivered.2 AS delivered_crc32c,
    if(short_since > 0, short_since, NULL) AS short_since,
    now64(3, 'UTC') AS now,
    (SELECT argMax(version, since) FROM {ledger:Identifier}.versions) AS version,
    epoch,
    number,
    orders.* EXCEPT (epoch, number)
FROM {ledger:Identifier}.orders AS orders
LEFT JOIN
(
    SELECT
        epoch,
        number,
        groupUniqArray(toString(outcome)) AS outcomes,
        anyIf((bytes, crc32c), outcome = 'delivered') AS delivered
    FROM {ledger:Identifier}.offsets
    WHERE epoch = {epoch:UInt64} AND number BETWEEN {first:UInt32} AND {last:UInt32}
    GROUP BY epoch, number
) AS ended USING (epoch, number)
LEFT JOIN
(
    SELECT
        epoch,
        number,
        arrayMin(arrayFilter(seen -> seen > maxIf(seen_at, finding = 'whole'), groupArray(seen_at))) AS short_since
    FROM {ledger:Identifier}.shortfalls
    WHERE epoch = {epoch:UInt64} AND number BETWEEN {first:UInt32} AND {last:UInt32}
    GROUP BY epoch, number
) AS short USING (epoch, number)
WHERE epoch = {epoch:UInt64} AND number BETWEEN {first:UInt32} AND {last:UInt32}
ORDER BY number
LIMIT 1 BY number
