-- The lines of an incumbent's log objects, as long as they are compared. Its keys and addresses may hold spaces: a key ends
-- where a request line and the numbers behind it follow. What does not look so is in no bucket.
CREATE TABLE {ledger:Identifier}.{lines:Identifier}
(
    line String CODEC(ZSTD(1)),
    fields Array(String) MATERIALIZED extractGroups(
        line,
        '^\\S+ (\\S+) \\[([^\\]]+)\\] \\S+(?:, \\S+)* \\S+ (\\S+) (\\S+) (.*?) (?:"(?:[^"\\\\]|\\\\.)*"|-) (?:\\d+|-) \\S+ (?:\\d+|-) (?:\\d+|-) ')
        COMMENT 'bucket, time, request id, operation, key',
    bucket String MATERIALIZED fields[1]
)
ENGINE = MergeTree
ORDER BY bucket
SETTINGS non_replicated_deduplication_window = 10000
