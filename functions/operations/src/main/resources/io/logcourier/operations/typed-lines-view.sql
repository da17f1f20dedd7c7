-- Moves the rows of a Parquet object on as the lines that a JSON object would have.
CREATE MATERIALIZED VIEW {ledger:Identifier}.{view:Identifier} TO {ledger:Identifier}.{lines:Identifier}
AS SELECT
    concat(
        '{"bucket_name":', toJSONString(ifNull(bucket_name, '')),
        ',"requestdatetime":', toJSONString(formatDateTime(requestdatetime, '%Y-%m-%dT%H:%i:%SZ', 'UTC')),
        ',"requestid":', toJSONString(ifNull(requestid, '')),
        ',"operation":', toJSONString(ifNull(operation, '')),
        ',"key":', toJSONString(ifNull(key, '')), '}') AS line
FROM {ledger:Identifier}.{typed:Identifier}
