-- What runs left behind that were killed.
SELECT name FROM system.tables WHERE database = {ledger:String} AND match(name, '^(lines|typed|unread|view)_')
ORDER BY name DESC
