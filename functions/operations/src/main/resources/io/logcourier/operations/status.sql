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
    ended AS
    (
        SELECT
            epoch,
            number,
            countIf(outcome = 'delivered') > 0 AS is_delivered,
            countIf(outcome = 'superseded') > 0 AS is_superseded,
            max(committed_at) AS last_committed,
            argMax(reason, committed_at) AS last_reason
        FROM {ledger:Identifier}.offsets
        GROUP BY epoch, number
    ),
    ordered AS
    (
        SELECT
            bucket,
            sumIf(rows, ended.epoch = 0) AS open_rows,
            minIf(min_inserted, ended.epoch = 0) AS oldest_open,
            countIf(ended.epoch = 0) AS open_orders,
            sumIf(rows, ended.epoch != 0 AND NOT is_delivered AND NOT is_superseded) AS refused_rows,
            sumIf(rows, is_superseded) - sumIf(rows, replaces_epoch > 0) AS lost_rows,
            sumIf(rows, is_delivered) AS delivered_rows,
            argMaxIf(last_reason, last_committed, ended.epoch != 0 AND NOT is_delivered) AS reason,
            maxIf(last_committed, is_delivered) AS last_delivery
        FROM {ledger:Identifier}.orders AS orders
        LEFT JOIN ended USING (epoch, number)
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
