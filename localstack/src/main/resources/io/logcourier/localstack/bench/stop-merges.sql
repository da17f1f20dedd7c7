SYSTEM STOP MERGES {logs:Identifier}.{table:Identifier}
