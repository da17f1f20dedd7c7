SELECT count() AS count FROM {ledger:Identifier}.arrivals WHERE epoch = {epoch:UInt64} AND kind = 'seal'
