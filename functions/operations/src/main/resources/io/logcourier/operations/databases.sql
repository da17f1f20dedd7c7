-- The ledger, and what runs of repair have made beside it.
SELECT name
FROM system.databases
WHERE name = {ledger:String}
    OR startsWith(name, concat({ledger:String}, '_repair'))
    OR startsWith(name, concat({ledger:String}, '_before_'))
ORDER BY name
