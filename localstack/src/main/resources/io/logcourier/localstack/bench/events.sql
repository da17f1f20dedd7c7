SELECT event, value FROM system.events WHERE event IN ('SelectQuery', 'InsertQuery', 'SelectedRows')
