SYSTEM START MERGES {logs:Identifier}.{table:Identifier}
