SELECT epoch, number, bucket, target_bucket, rows, last_reason AS reason
FROM (SELECT DISTINCT epoch, number, bucket, target_bucket, rows FROM {ledger:Identifier}.orders) AS orders
INNER JOIN
(
    SELECT epoch, number, argMax(reason, committed_at) AS last_reason
    FROM {ledger:Identifier}.offsets
    WHERE (epoch, number) IN (SELECT epoch, number FROM {ledger:Identifier}.offsets WHERE outcome = 'given_up')
    GROUP BY epoch, number
    HAVING countIf(outcome != 'given_up') = 0
) AS refused USING (epoch, number)
ORDER BY epoch, number
