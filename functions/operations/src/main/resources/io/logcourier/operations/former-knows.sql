-- How many orders of a former ledger have a key.
SELECT count() AS count
FROM {former:Identifier}.orders
WHERE target_bucket = {bucket:String} AND key = {key:String}
