-- What became of the rows that were there when the ledger was adopted.
SELECT
    (SELECT count() FROM {ledger:Identifier}.cut_offs WHERE ledger = {id:String}) AS cursors,
    (SELECT uniqExact(identity) FROM {ledger:Identifier}.exceptions WHERE ledger = {id:String} AND kind = 'recovered') AS recovered,
    (SELECT uniqExact(identity) FROM {ledger:Identifier}.exceptions WHERE ledger = {id:String} AND kind = 'ahead') AS ahead,
    sumIf(rows, kind = 'seal') AS present,
    sumIf(rows, kind = 'adopted') AS adopted,
    sumIf(rows, kind = 'group') AS remaining,
    sumIf(rows, kind IN ('undeliverable', 'filtered')) AS undeliverable
FROM
(
    SELECT DISTINCT epoch, kind, session, bucket, target_bucket, target_prefix, day, rows, checksum
    FROM {ledger:Identifier}.arrivals
    WHERE epoch BETWEEN {first:UInt64} AND {last:UInt64}
)
