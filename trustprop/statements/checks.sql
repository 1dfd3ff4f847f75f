-- Integrity of the month. Every query must return no rows; each begins with its name after "-- name:".

-- name: statement_numbers_are_gapless_in_each_year
SELECT s.compound_id, s.year, count(*) AS statements, max(s.serial) AS last_serial
FROM statement s
GROUP BY s.compound_id, s.year
HAVING count(*) <> max(s.serial);

-- name: statements_are_chained_in_order
SELECT s.compound_id, s.period
FROM (
    SELECT compound_id, period, previous_digest, tree_size,
           lag(digest) OVER months AS digest_before, lag(tree_size) OVER months AS size_before
    FROM statement
    WINDOW months AS (PARTITION BY compound_id ORDER BY period)
) s
WHERE s.previous_digest IS DISTINCT FROM s.digest_before OR s.tree_size < s.size_before;

-- name: statements_are_of_closed_months
SELECT s.compound_id, s.period
FROM statement s
LEFT JOIN period_close c ON c.compound_id = s.compound_id AND c.act_id = s.act_id
LEFT JOIN period p ON p.compound_id = s.compound_id AND p.period = s.period
WHERE c.state IS DISTINCT FROM 'closed' OR c.period <> s.period OR p.period IS NULL
   OR c.tree_size <> s.tree_size;

-- name: closes_end_with_their_acts
SELECT c.compound_id, c.period, c.state, a.state AS act_state
FROM period_close c
JOIN act a ON a.compound_id = c.compound_id AND a.act_id = c.act_id
WHERE c.state <> CASE a.state WHEN 'open' THEN 'open' WHEN 'signed' THEN 'closed' ELSE 'ended' END;

-- name: no_entry_came_into_a_month_after_its_close
SELECT c.compound_id, c.period, e.number
FROM period_close c
JOIN entry e ON e.compound_id = c.compound_id AND e.period = c.period AND e.number > c.tree_size
WHERE c.state = 'closed';

-- name: errata_reverse_entries_of_their_statement
SELECT r.compound_id, r.erratum_id
FROM erratum r
JOIN statement s ON s.compound_id = r.compound_id AND s.year = r.year AND s.serial = r.serial
JOIN entry e ON e.compound_id = r.compound_id AND e.entry_id = r.entry_id
LEFT JOIN entry o ON o.compound_id = e.compound_id AND o.entry_id = e.reverses_entry_id
WHERE o.period IS DISTINCT FROM s.period OR e.period <> r.period OR r.period <= s.period;
