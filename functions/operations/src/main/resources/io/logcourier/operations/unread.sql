-- Target buckets that cannot be read, and source buckets that a former ledger has delivered there, as long as rows and lines
-- are compared.
CREATE TABLE {ledger:Identifier}.{unread:Identifier}
(
    bucket String,
    is_source Bool
)
ENGINE = MergeTree
ORDER BY (is_source, bucket)
