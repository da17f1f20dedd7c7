-- The orders whose keys have one of some unique strings (16 hex digits, which end a key but for its suffix), and how they
-- ended.
WITH
    marked AS
    (
        SELECT
            reinterpretAsInt64(reverse(unhex(extract(key, '([0-9A-F]{16})(?:[.][a-z]+)*$')))) AS mark,
            epoch, number, bucket, target_bucket, key
        FROM {ledger:Identifier}.orders
        WHERE mark IN /* marks */
    )
SELECT mark, epoch, number, bucket, target_bucket, key, is_delivered, is_superseded
FROM marked
LEFT JOIN
(
    SELECT
        epoch,
        number,
        countIf(outcome = 'delivered') > 0 AS is_delivered,
        countIf(outcome = 'superseded') > 0 AS is_superseded
    FROM {ledger:Identifier}.offsets
    WHERE (epoch, number) IN (SELECT epoch, number FROM marked)
    GROUP BY epoch, number
) AS ended USING (epoch, number)
ORDER BY epoch, number
