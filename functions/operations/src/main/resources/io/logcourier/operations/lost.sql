-- The orders whose rows were gone, or changed, before they were delivered, and how many are in no replacement; without those
-- whose replacement the newest epoch has decided and that is not derived yet.
SELECT epoch, number, bucket, target_bucket, orders.rows - least(orders.rows, left) AS rows, reason
FROM (SELECT DISTINCT epoch, number, bucket, target_bucket, rows FROM {ledger:Identifier}.orders) AS orders
INNER JOIN
(
    SELECT epoch, number, any(reason) AS reason
    FROM {ledger:Identifier}.offsets
    WHERE outcome = 'superseded' AND (epoch, number) NOT IN
        (
            /* being replaced */
        )
    GROUP BY epoch, number
) AS superseded USING (epoch, number)
LEFT JOIN
(
    SELECT replaces_epoch AS epoch, replaces_number AS number, sum(rows) AS left
    FROM
    (
        SELECT DISTINCT epoch AS by_epoch, number AS by_number, replaces_epoch, replaces_number, rows
        FROM {ledger:Identifier}.orders
        WHERE replaces_epoch > 0
    )
    GROUP BY epoch, number
) AS replacements USING (epoch, number)
ORDER BY epoch, number
