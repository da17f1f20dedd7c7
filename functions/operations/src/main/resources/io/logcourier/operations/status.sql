-- What each bucket waits for, those that need attention first.
WITH
    /* pending */,
    waiting AS
    (
        SELECT
            bucket,
            sum(group_rows) AS pending_rows,
            sumIf(group_rows, is_due) AS due_rows,
            min(oldest) AS oldest_pending
        FROM
        (
            SELECT
                bucket,
                sum(rows) AS group_rows,
                min(min_inserted) AS oldest,
                group_rows >= {count_threshold:UInt64}
                    OR min(planned_at) <= fromUnixTimestamp64Milli({planned_before:Int64}) AS is_due
            FROM pending
            GROUP BY session, bucket, target_bucket, target_prefix
        )
        GROUP BY bucket
    ),
    delivered AS
    (
        SELECT epoch, number, committed_at
        FROM {ledger:Identifier}.offsets
        WHERE outcome = 'delivered'
    ),
    failed AS
    (
        SELECT
            epoch,
            number,
            countIf(outcome = 'superseded') > 0 AS is_superseded,
            max(committed_at) AS failed_at,
            argMax(reason, committed_at) AS last_reason
        FROM {ledger:Identifier}.offsets
        WHERE outcome = 'given_up'
            OR outcome = 'superseded' AND (epoch, number) NOT IN
            (
                /* being replaced */
            )
        GROUP BY epoch, number
    ),
    replacements AS
    (
        SELECT replaces_epoch AS epoch, replaces_number AS number, sum(rows) AS left
        FROM {ledger:Identifier}.orders
        WHERE replaces_epoch > 0
        GROUP BY epoch, number
    ),
    ended AS
    (
        SELECT
            *,
            delivered.epoch > 0 AS is_delivered,
            failed.epoch > 0 AND NOT is_delivered AS is_failed,
            NOT is_delivered AND NOT is_failed AS is_open
        FROM
        (
            SELECT DISTINCT epoch, number, bucket, rows, min_inserted, replaces_epoch
            FROM {ledger:Identifier}.orders
        ) AS orders
        ANY LEFT JOIN delivered USING (epoch, number)
        LEFT JOIN failed USING (epoch, number)
        LEFT JOIN replacements USING (epoch, number)
    ),
    ordered AS
    (
        SELECT
            bucket,
            sumIf(rows, is_open) AS open_rows,
            minIf(min_inserted, is_open) AS oldest_open,
            countIf(is_open) AS open_orders,
            sumIf(rows, is_failed AND NOT is_superseded) AS refused_rows,
            sumIf(rows - least(rows, left), is_failed AND is_superseded) AS lost_rows,
            sumIf(rows, is_delivered) AS delivered_rows,
            argMaxIf(last_reason, failed_at, is_failed) AS reason,
            max(committed_at) AS last_delivery
        FROM ended
        GROUP BY bucket
    ),
    names AS
    (
        SELECT bucket FROM waiting
        UNION DISTINCT
        SELECT bucket FROM ordered
    )
SELECT
    names.bucket AS bucket,
    if(
        pending_rows + open_rows = 0,
        0,
        dateDiff(
            'second',
            least(
                if(pending_rows > 0, oldest_pending, toDateTime('2106-01-01 00:00:00', 'UTC')),
                if(open_orders > 0, oldest_open, toDateTime('2106-01-01 00:00:00', 'UTC'))),
            now('UTC'))) AS lag_seconds,
    pending_rows AS pending,
    due_rows AS due,
    open_rows AS open,
    refused_rows AS given_up,
    lost_rows AS lost,
    delivered_rows AS delivered,
    if(delivered_rows > 0, last_delivery, NULL) AS last_delivery,
    reason
FROM names
LEFT JOIN waiting ON names.bucket = waiting.bucket
LEFT JOIN ordered ON names.bucket = ordered.bucket
WHERE {bucket:String} = '' OR names.bucket = {bucket:String}
ORDER BY given_up > 0 DESC, lost > 0 DESC, lag_seconds DESC, bucket
