-- Epochs of some of whose rows nobody can say that they are in an object: pending, or in an order that was not delivered.
WITH
    /* pending */
SELECT DISTINCT from_epoch, to_epoch
FROM
(
    SELECT epoch AS from_epoch, epoch AS to_epoch
    FROM pending
    UNION ALL
    SELECT from_epoch, to_epoch
    FROM {ledger:Identifier}.orders
    WHERE epoch >= {begin:UInt64}
        AND (epoch, number) NOT IN (SELECT epoch, number FROM {ledger:Identifier}.offsets WHERE outcome = 'delivered')
)
ORDER BY from_epoch, to_epoch
