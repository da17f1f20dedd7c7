SELECT now64(3, 'UTC') AS now
