DROP TABLE IF EXISTS {ledger:Identifier}.{left:Identifier} SYNC
