SELECT count() AS count FROM system.merges
