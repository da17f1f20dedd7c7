-- Parts of which every row is in another part as well, under the same numbers; the one that came last first.
WITH twice AS
(
    SELECT /* identity */ AS identity
    FROM {logs:Identifier}.{table:Identifier}
    GROUP BY identity
    HAVING count() > 1
)
SELECT part, rows
FROM
(
    SELECT _part AS part, count() AS rows, uniqExact(/* identity */) AS distinct_rows, countIf(/* identity */ IN (SELECT identity FROM twice)) AS copies
    FROM {logs:Identifier}.{table:Identifier}
    GROUP BY part
)
WHERE copies = rows AND distinct_rows = rows
ORDER BY toInt64OrZero(splitByChar('_', part)[2]) DESC
LIMIT 1
