-- Whether this server is a replica that may lack rows which were inserted until a time: its part of the common log is not
-- read, or has inserts to be fetched, from before that time. What others insert right now does not count: where there is
-- much of it, there is always some. Ten seconds are for clocks that differ. A replica reads the log a hundred entries at a time.
SELECT count() AS count
FROM system.replicas
WHERE database = {logs:String}
    AND table = {table:String}
    AND (
        is_readonly
        OR (inserts_in_queue > 0 AND inserts_oldest_time <= fromUnixTimestamp64Milli({until:Int64}) + toIntervalSecond(10))
        OR (
            log_max_index > 0
            AND log_pointer <= log_max_index
            AND (
                last_queue_update <= fromUnixTimestamp64Milli({until:Int64}) + toIntervalSecond(10)
                OR log_max_index - log_pointer >= 100
            )
        )
    )
