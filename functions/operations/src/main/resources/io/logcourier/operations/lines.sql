-- The lines of log objects, as long as they are compared: text, or a JSON object with the names of fields.sql. Its keys and addresses may hold spaces: a key ends
-- where a request line and the numbers behind it follow. What does not look so is in no bucket.
CREATE TABLE {ledger:Identifier}.{lines:Identifier}
(
    line String CODEC(ZSTD(1)),
    fields Array(String) MATERIALIZED if(
        startsWith(line, '{"'),
        [
            JSONExtractString(line, 'bucket_name'),
            formatDateTime(parseDateTime64BestEffortOrZero(JSONExtractString(line, 'requestdatetime'), 3, 'UTC'), '%d/%b/%Y:%H:%i:%S +0000', 'UTC'),
            if(JSONExtractString(line, 'requestid') = '', '-', JSONExtractString(line, 'requestid')),
            if(JSONExtractString(line, 'operation') = '', '-', JSONExtractString(line, 'operation')),
            if(JSONExtractString(line, 'key') = '', '-', encodeURLComponent(JSONExtractString(line, 'key')))
        ],
        extractGroups(
            if(isValidUTF8(line), line, toValidUTF8(line)),
            '^\\S+ (\\S+) \\[([^\\]]+)\\] \\S+(?:, \\S+)* \\S+ (\\S+) (\\S+) (.*?) (?:"(?:[^"\\\\]|\\\\.)*"|-) (?:\\d+|-) \\S+ (?:\\d+|-) (?:\\d+|-) '))
        COMMENT 'bucket, time, request id, operation, key',
    bucket String MATERIALIZED if(match(fields[1], '^[A-Za-z0-9._-]*$'), fields[1], '~')
        COMMENT 'to find lines by; ~ for names that S3 cannot have, which text lines have in another way'
)
ENGINE = MergeTree
ORDER BY bucket
SETTINGS non_replicated_deduplication_window = 10000
