SELECT
    raftSessionID AS session,
    bucketName AS bucket,
    max((lastProcessedInsertedAt, lastProcessedStartTime, lastProcessedReqId)) AS last
FROM {logs:Identifier}.offsets
GROUP BY session, bucket
