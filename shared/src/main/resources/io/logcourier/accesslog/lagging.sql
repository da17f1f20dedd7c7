-- Whether this server is a replica that knows of rows which it does not have.
SELECT count() AS count
FROM system.replicas
WHERE database = {logs:String}
    AND table = {table:String}
    AND (is_readonly OR absolute_delay > 0 OR inserts_in_queue > 0)
