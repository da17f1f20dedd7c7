SELECT argMax(version, since) AS version FROM {ledger:Identifier}.versions
