-- The cursors of an incumbent that are not those of the cut-offs, each of which is there once.
SELECT count() AS count
FROM
(
    SELECT session, bucket, inserted, start, req_id
    FROM
    (
        SELECT 1 AS side, session, bucket, last.1 AS inserted, last.2 AS start, last.3 AS req_id
        FROM
        (
            /* cursors */
        )
        UNION ALL
        SELECT -1 AS side, session, bucket, inserted_at AS inserted, start_time AS start, req_id
        FROM {ledger:Identifier}.cut_offs
        WHERE ledger = {id:String}
    )
    GROUP BY session, bucket, inserted, start, req_id
    HAVING sum(side) != 0
)
