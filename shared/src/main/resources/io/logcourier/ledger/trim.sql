ALTER TABLE {ledger:Identifier}.{table:Identifier} DROP PARTITION ID {partition:String}
