ALTER TABLE {logs:Identifier}.{table:Identifier}/* on cluster */
MODIFY SETTING max_suspicious_broken_parts = 0
