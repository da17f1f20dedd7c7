-- Objects as their offsets have them, of whole epochs from one on: about {most}, and no fewer while there are more. Those
-- of a share only: each order has its place in a cycle, and those are due that lie within a span of it up to now.
WITH
    (
        SELECT max(epoch)
        FROM
        (
            SELECT epoch
            FROM {ledger:Identifier}.offsets
            WHERE outcome = 'delivered' AND epoch BETWEEN {from:UInt64} AND {through:UInt64}
                AND ({at:UInt64} + {cycle:UInt64} - sipHash64(epoch, number) % {cycle:UInt64}) % {cycle:UInt64} < {span:UInt64}
            ORDER BY epoch
            LIMIT {most:UInt64}
        )
    ) AS last
SELECT DISTINCT
    epoch, number, orders.bucket AS bucket, rendering, compression, offsets.target_bucket AS target_bucket,
    offsets.key AS key, offsets.rows AS rows, bytes, crc32c
FROM
(
    SELECT *
    FROM {ledger:Identifier}.offsets
    WHERE outcome = 'delivered' AND epoch BETWEEN {from:UInt64} AND last
        AND ({at:UInt64} + {cycle:UInt64} - sipHash64(epoch, number) % {cycle:UInt64}) % {cycle:UInt64} < {span:UInt64}
) AS offsets
INNER JOIN
(
    SELECT epoch, number, bucket, rendering, compression
    FROM {ledger:Identifier}.orders
    WHERE epoch BETWEEN {from:UInt64} AND last
) AS orders USING (epoch, number)
ORDER BY epoch, number
