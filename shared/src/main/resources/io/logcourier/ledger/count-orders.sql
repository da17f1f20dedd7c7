SELECT count() AS count FROM {ledger:Identifier}.orders WHERE epoch = {epoch:UInt64}
