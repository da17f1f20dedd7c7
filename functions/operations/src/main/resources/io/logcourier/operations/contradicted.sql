-- Rows that are in no object, of epochs whose rows all are, as a former ledger has it.
WITH
    -- Where the log table has no such column.
    '' AS filteredBy
SELECT count() AS count
FROM {logs:Identifier}.{table:Identifier} AS log
WHERE /* claimed */
    AND filteredBy = ''
    AND bucketName != ''
    AND loggingTargetBucket != ''
    AND isValidUTF8(bucketName)
    AND isValidUTF8(loggingTargetBucket)
    AND isValidUTF8(loggingTargetPrefix)
    AND /* identity */ IN
    (
        SELECT identity
        FROM {side:Identifier}.exceptions
        WHERE kind = 'recovered' AND ledger = (SELECT any(ledger) FROM {side:Identifier}.epochs WHERE epoch = 0)
    )
SETTINGS prefer_column_name_to_alias = 1
