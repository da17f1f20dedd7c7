-- The rows of some buckets, each with how its cursor and the lines of log objects see it. Of rows that look the same in a
-- line, as many are in objects as there are lines: those up to the cursor first. Rows with one identity are one row, which a part that
-- was attached beside itself shows twice. A row from before the first line that is
-- left of its bucket is not judged, unless all are: its object may have been removed by its owner. Nor is one whose target refused: its object
-- may be among those that could not be read. Keys are compared decoded, as often as anybody encodes and with a plus for a space, and
-- what is no UTF-8 as U+FFFD; names of buckets as text lines have them.
WITH
    -- Without something behind it toValidUTF8 drops what follows the head of a sequence that the text is too short for.
    text -> toValidUTF8(concat(text, '____')) AS valid,
    -- As a text line has it; of one that comes from a line nothing is left to escape.
    text -> arrayStringConcat(
        arrayMap(
            (part, byte) -> concat(part, if(byte = '', '', '%'), hex(byte)),
            splitByRegexp('[\\x00-\\x20\\x7f"\\\\]', text),
            arrayPushBack(extractAll(text, '[\\x00-\\x20\\x7f"\\\\]'), ''))) AS token,
    (bucket, time, req_id, operation, key) -> sipHash64(
        valid(token(bucket)),
        time,
        valid(token(req_id)),
        valid(token(operation)),
        valid(decodeURLFormComponent(decodeURLFormComponent(decodeURLFormComponent(key))))) AS match_of,
    text -> if(ifNull(text, '') = '', '-', ifNull(text, '')) AS present
SELECT
    session,
    rows.bucket AS bucket,
    identity,
    is_behind,
    copy <= line_count AS is_found,
    NOT is_unread AND ({strict:UInt8} = 1 OR kept.kept_bucket != '' AND second >= since) AS is_judged
FROM
(
    SELECT
        raftSessionID AS session,
        bucketName AS bucket,
        valid(token(bucketName)) AS line_bucket,
        /* identity */ AS identity,
        toDateTime(startTime, 'UTC') AS second,
        cut_bucket != '' AND (insertedAt, startTime, log.req_id) <= (cut_inserted, cut_start, cut_req_id) AS is_behind,
        loggingTargetBucket IN (SELECT bucket FROM {ledger:Identifier}.{unread:Identifier} WHERE NOT is_source)
            OR bucketName IN (SELECT bucket FROM {ledger:Identifier}.{unread:Identifier} WHERE is_source) AS is_unread,
        match_of(
            bucketName,
            formatDateTime(startTime, '%d/%b/%Y:%H:%i:%S +0000', 'UTC'),
            present(log.req_id),
            present(operation),
            present(objectKey)) AS match,
        dense_rank() OVER (PARTITION BY match ORDER BY is_behind DESC, insertedAt, startTime, identity) AS copy
    FROM {logs:Identifier}.{table:Identifier} AS log
    LEFT JOIN
    (
        SELECT session AS cut_session, bucket AS cut_bucket, inserted_at AS cut_inserted, start_time AS cut_start, req_id AS cut_req_id
        FROM {ledger:Identifier}.cut_offs
        WHERE ledger = {id:String}
    ) AS cut_off
    ON log.raftSessionID = cut_off.cut_session AND log.bucketName = cut_off.cut_bucket
    WHERE bucketName BETWEEN {first:String} AND {last:String} AND match % {pieces:UInt64} = {piece:UInt64} AND /* claimed */
) AS rows
LEFT JOIN
(
    SELECT match_of(fields[1], fields[2], fields[3], fields[4], fields[5]) AS match, count() AS line_count
    FROM {ledger:Identifier}.{lines:Identifier}
    WHERE (bucket BETWEEN {first:String} AND {last:String} OR bucket = '~') AND match % {pieces:UInt64} = {piece:UInt64}
    GROUP BY match
) AS found
ON rows.match = found.match
LEFT JOIN
(
    SELECT valid(token(fields[1])) AS kept_bucket, min(parseDateTime(fields[2], '%d/%b/%Y:%H:%i:%s +0000', 'UTC')) AS since
    FROM {ledger:Identifier}.{lines:Identifier}
    WHERE bucket BETWEEN {first:String} AND {last:String} OR bucket = '~'
    GROUP BY kept_bucket
) AS kept
ON rows.line_bucket = kept.kept_bucket
