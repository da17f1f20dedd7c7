-- How many pending arrivals are taken now, how many groups are left, and the first epoch with arrivals of those.
WITH
    /* pending */,
    /* waiting */
SELECT
    sumIf(arrivals, is_taken) AS taken,
    countIf(NOT is_taken) AS left,
    minIf(first, NOT is_taken) AS oldest_left
FROM waiting
