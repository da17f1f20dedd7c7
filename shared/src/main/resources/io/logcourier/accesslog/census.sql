-- The rows of some parts: those in claimed blocks together, or by their block as all others, where it matters which are left. No condition on block numbers, which
-- ClickHouse would answer from a part's index: that of a part which was attached tells of other numbers. A part that is merged meanwhile
-- has no rows here.
SELECT
    part,
    is_claimed,
    block,
    count() AS rows,
    sum(content) AS mark,
    min(inserted) AS oldest,
    max(inserted) AS newest
FROM
(
    SELECT
        _part AS part,
        /* claimed */ AS is_claimed,
        if(is_claimed AND {together:UInt8} = 1, 0, _block_number) AS block,
        reinterpretAsInt64(xxHash64(startTime, req_id)) AS content,
        toInt64(toUnixTimestamp(insertedAt)) AS inserted
    FROM {logs:Identifier}.{table:Identifier}
    WHERE _part IN /* parts */
)
GROUP BY part, is_claimed, block
ORDER BY part, is_claimed, block
