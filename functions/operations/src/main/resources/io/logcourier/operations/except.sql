INSERT INTO {ledger:Identifier}.exceptions (ledger, kind, session, bucket, identity)
SELECT {id:String}, if(is_behind, 'recovered', 'ahead'), session, bucket, identity
FROM
(
    /* compared */
)
WHERE is_behind != is_found AND (is_judged OR NOT is_behind)
