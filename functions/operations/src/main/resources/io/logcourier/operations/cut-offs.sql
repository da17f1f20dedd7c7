-- The last row that an incumbent has delivered of each session and bucket. Its table keeps older ones until it merges.
INSERT INTO {ledger:Identifier}.cut_offs (ledger, session, bucket, inserted_at, start_time, req_id)
SELECT {id:String}, session, bucket, last.1, last.2, last.3
FROM
(
    /* cursors */
)
