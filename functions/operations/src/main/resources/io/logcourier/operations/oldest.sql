-- When the first row of the log table was inserted, as it says, in seconds since 1970.
SELECT count() AS rows, toInt64(toUnixTimestamp(min(insertedAt))) AS inserted
FROM {logs:Identifier}.{table:Identifier}
WHERE /* claimed */
