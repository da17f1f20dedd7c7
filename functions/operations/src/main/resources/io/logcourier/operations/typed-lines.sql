-- What takes the rows of a Parquet object, and stores nothing.
CREATE TABLE {ledger:Identifier}.{typed:Identifier}
(
    bucket_name Nullable(String),
    requestdatetime DateTime64(3, 'UTC'),
    requestid Nullable(String),
    operation Nullable(String),
    key Nullable(String)
)
ENGINE = Null
