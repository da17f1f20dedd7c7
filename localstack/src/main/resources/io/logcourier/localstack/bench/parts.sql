SELECT count() AS count FROM system.parts WHERE database = {logs:String} AND table = {table:String} AND active
