-- One if the arrivals of an epoch are there as a whole: a seal, and groups that sum up to it.
SELECT countIf(kind = 'seal') = 1 AND sumIf(rows, kind = 'seal') = sumIf(rows, kind != 'seal') AS count
FROM {ledger:Identifier}.arrivals
WHERE epoch = {epoch:UInt64}
