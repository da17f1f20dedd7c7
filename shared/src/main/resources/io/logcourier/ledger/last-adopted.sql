-- The last of the epochs that claim what was adopted; 0 where nothing was.
SELECT max(epoch) AS epoch
FROM {ledger:Identifier}.epochs
WHERE startsWith(planner, {adopter:String})
