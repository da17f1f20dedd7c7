-- The first epoch with pending arrivals of a group that is not taken now.
WITH
    /* pending */,
    /* waiting */
SELECT min(first) AS oldest, count() AS count
FROM waiting
WHERE NOT is_taken
