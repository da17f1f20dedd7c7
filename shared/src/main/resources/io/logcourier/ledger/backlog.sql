-- What is claimed and not delivered yet, and the age of its oldest row in seconds; 0 where there is none.
WITH
    /* pending */
SELECT
    sumIf(rows, NOT is_ordered) AS pending,
    sumIf(rows, is_ordered) AS open,
    if(count() = 0, 0, greatest(0, dateDiff('second', min(min_inserted), now('UTC')))) AS oldest_seconds
FROM
(
    SELECT false AS is_ordered, rows, min_inserted
    FROM pending
    UNION ALL
    SELECT true AS is_ordered, rows, min_inserted
    FROM
    (
        SELECT DISTINCT epoch, number, rows, min_inserted
        FROM {ledger:Identifier}.orders
        WHERE epoch >= {open_from:UInt64}
    )
    WHERE (epoch, number) NOT IN
        (
            SELECT epoch, number
            FROM {ledger:Identifier}.offsets
            WHERE epoch >= {open_from:UInt64}
        )
)
