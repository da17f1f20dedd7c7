-- What runs left behind that were killed.
SELECT name FROM system.tables WHERE database = {ledger:String} AND startsWith(name, 'lines_')
