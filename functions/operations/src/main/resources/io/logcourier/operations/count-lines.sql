SELECT count() AS lines, countIf(bucket = '') AS unreadable FROM {ledger:Identifier}.{lines:Identifier}
