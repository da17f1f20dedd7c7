SELECT
    countIf(is_behind AND is_found) AS found,
    countIf(is_behind AND NOT is_found AND is_judged) AS recovered,
    countIf(NOT is_behind AND is_found) AS ahead,
    countIf(is_behind AND NOT is_found AND NOT is_judged) AS unjudged,
    count() - uniqExact(identity) AS twice
FROM
(
    /* compared */
)
