-- Internal traffic (loggingEnabled = false) ends here.
CREATE MATERIALIZED VIEW IF NOT EXISTS {logs:Identifier}.{view:Identifier}/* on cluster */ TO {logs:Identifier}.{table:Identifier}
AS SELECT * FROM {logs:Identifier}.{ingest:Identifier} WHERE loggingEnabled
