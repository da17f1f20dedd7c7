-- Every row that is there counts as delivered, save those that are in no object.
INSERT INTO {ledger:Identifier}.cut_offs (ledger, session, bucket, inserted_at, start_time, req_id)
SELECT {id:String}, session, bucket, last.1, last.2, last.3
FROM
(
    SELECT raftSessionID AS session, bucketName AS bucket, max((insertedAt, startTime, req_id)) AS last
    FROM {logs:Identifier}.{table:Identifier}
    WHERE /* claimed */
    GROUP BY session, bucket
)
