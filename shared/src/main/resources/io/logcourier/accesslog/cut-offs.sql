LEFT JOIN
(
    SELECT session AS cut_session, bucket AS cut_bucket, inserted_at AS cut_inserted, start_time AS cut_start, req_id AS cut_req_id
    FROM {ledger:Identifier}.cut_offs
    WHERE ledger = (SELECT any(ledger) FROM {ledger:Identifier}.epochs WHERE epoch = 0)
) AS cut_off
ON log.raftSessionID = cut_off.cut_session AND log.bucketName = cut_off.cut_bucket