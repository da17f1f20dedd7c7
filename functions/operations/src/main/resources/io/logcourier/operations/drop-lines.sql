DROP TABLE IF EXISTS {ledger:Identifier}.{lines:Identifier} SYNC
