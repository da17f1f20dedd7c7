SELECT uniqExactIf(identity, kind = 'recovered') AS recovered, uniqExactIf(identity, kind = 'ahead') AS ahead
FROM {ledger:Identifier}.exceptions
WHERE ledger = {id:String}
