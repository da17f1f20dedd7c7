-- Internal traffic (loggingEnabled = false) ends here. ClickHouse takes a startTime that is a whole number for milliseconds: as such it
-- would be of 1970 to 1973 where it counts seconds, and beyond the year 33658 where it counts micro- or nanoseconds.
CREATE MATERIALIZED VIEW IF NOT EXISTS {logs:Identifier}.{view:Identifier}/* on cluster */ TO {logs:Identifier}.{table:Identifier}
AS SELECT
    * REPLACE (
        multiIf(
            toUnixTimestamp64Milli(toDateTime64(startTime, 3)) BETWEEN 100000000 AND 99999999999,
            fromUnixTimestamp64Milli(toUnixTimestamp64Milli(toDateTime64(startTime, 3)) * 1000),
            toUnixTimestamp64Milli(toDateTime64(startTime, 3)) BETWEEN 1000000000000000 AND 999999999999999999,
            fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(toDateTime64(startTime, 3)), 1000)),
            toUnixTimestamp64Milli(toDateTime64(startTime, 3)) >= 1000000000000000000,
            fromUnixTimestamp64Milli(intDiv(toUnixTimestamp64Milli(toDateTime64(startTime, 3)), 1000000)),
            toDateTime64(startTime, 3))
        AS startTime)
FROM {logs:Identifier}.{ingest:Identifier}
WHERE loggingEnabled
