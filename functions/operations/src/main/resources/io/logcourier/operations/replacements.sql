-- A superseded order is not delivered too. A replacement takes the place of one order that is superseded, of the same
-- group and epochs and with as many rows or more; no two take the same place.
SELECT concat(
    'order ', toString(epoch), '/', toString(number), ' of bucket ', bucket, ' is delivered and superseded as well') AS what
FROM
(
    SELECT epoch, number
    FROM {ledger:Identifier}.offsets
    WHERE (epoch, number) IN (SELECT epoch, number FROM {ledger:Identifier}.offsets WHERE outcome = 'superseded')
    GROUP BY epoch, number
    HAVING countIf(outcome = 'delivered') > 0
) AS both
INNER JOIN (SELECT DISTINCT epoch, number, bucket FROM {ledger:Identifier}.orders) AS orders USING (epoch, number)
UNION ALL
SELECT concat(
    'order ', toString(replaces_epoch), '/', toString(replaces_number), ' of bucket ', any(bucket), ' is replaced by ',
    arrayStringConcat(groupArray(concat(toString(new.epoch), '/', toString(new.number), ' (', toString(new.rows), ' rows)')), ' and '),
    ', which do not take its place') AS what
FROM
(
    SELECT DISTINCT
        epoch, number, session, bucket, target_bucket, target_prefix, from_epoch, to_epoch, rows, replaces_epoch, replaces_number
    FROM {ledger:Identifier}.orders
    WHERE epoch >= {begin:UInt64} AND replaces_epoch >= {begin:UInt64} AND replaces_epoch > 0
) AS new
LEFT JOIN
(
    SELECT DISTINCT epoch, number, session, bucket, target_bucket, target_prefix, from_epoch, to_epoch, rows
    FROM {ledger:Identifier}.orders
    WHERE (epoch, number) IN (SELECT epoch, number FROM {ledger:Identifier}.offsets WHERE outcome = 'superseded')
) AS old ON old.epoch = new.replaces_epoch AND old.number = new.replaces_number
GROUP BY replaces_epoch, replaces_number
HAVING count() > 1
    OR any(old.epoch) = 0
    OR any(new.rows) > any(old.rows)
    OR any((new.session, new.bucket, new.target_bucket, new.target_prefix, new.from_epoch, new.to_epoch))
        != any((old.session, old.bucket, old.target_bucket, old.target_prefix, old.from_epoch, old.to_epoch))
