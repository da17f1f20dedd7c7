SELECT bucketName AS bucket, count() AS rows
FROM {logs:Identifier}.{table:Identifier}
WHERE bucketName != '' AND /* claimed */
GROUP BY bucket
ORDER BY bucket
