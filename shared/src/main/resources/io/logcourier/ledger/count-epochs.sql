SELECT count() AS count FROM {ledger:Identifier}.epochs
