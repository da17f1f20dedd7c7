-- What shippers write to. It stores nothing: the view below moves the rows on within the same INSERT.
CREATE TABLE IF NOT EXISTS {logs:Identifier}.{ingest:Identifier}/* on cluster */
(
    /* columns */
)
ENGINE = Null
