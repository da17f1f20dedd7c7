SELECT engine_full FROM system.tables WHERE database = {logs:String} AND name = {table:String}
