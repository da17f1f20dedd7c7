-- Where the books stand, and how long ago somebody wrote in them, in seconds.
SELECT
    epochs.newest AS epoch,
    outcomes.many AS outcomes,
    (
        SELECT count()
        FROM {ledger:Identifier}.orders
        WHERE (epoch, number) NOT IN (SELECT epoch, number FROM {ledger:Identifier}.offsets)
    ) AS open,
    dateDiff('second', greatest(epochs.at, outcomes.at), now64(3, 'UTC')) AS quiet
FROM (SELECT max(epoch) AS newest, max(planned_at) AS at FROM {ledger:Identifier}.epochs) AS epochs
CROSS JOIN (SELECT count() AS many, max(committed_at) AS at FROM {ledger:Identifier}.offsets) AS outcomes
