SELECT name FROM system.databases WHERE name IN ({ledger:String}, {side:String}) ORDER BY name
