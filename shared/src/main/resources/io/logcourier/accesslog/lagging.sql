-- Whether this server is a replica that knows of rows which it does not have: parts to be fetched, or entries of the
-- common log that it has not looked at.
SELECT count() AS count
FROM system.replicas
WHERE database = {logs:String}
    AND table = {table:String}
    AND (is_readonly OR absolute_delay > 0 OR inserts_in_queue > 0 OR log_pointer <= log_max_index)
