-- Integrity of banking. Every query must return no rows; each begins with its name after "-- name:".

-- name: matched_lines_are_the_sums_of_their_matches
SELECT l.compound_id, l.line_id, l.amount_fen, sum(m.amount_fen) AS matched_fen
FROM bank_line l
LEFT JOIN bank_match m ON m.compound_id = l.compound_id AND m.line_id = l.line_id
GROUP BY l.compound_id, l.line_id, l.amount_fen, l.state
HAVING (l.state = 'matched' AND l.amount_fen <> coalesce(sum(m.amount_fen), 0))
    OR (l.state <> 'matched' AND count(m.entry_id) > 0);

-- name: entries_are_matched_no_further_than_they_move_the_account
SELECT m.compound_id, m.account, m.entry_id, m.matched_fen, e.moved_fen
FROM (
    SELECT b.compound_id, b.account, b.entry_id, sum(b.amount_fen) AS matched_fen
    FROM bank_match b
    GROUP BY b.compound_id, b.account, b.entry_id
) m
LEFT JOIN (
    SELECT j.compound_id, j.entry_id, k.account, sum(k.debit_fen - k.credit_fen) AS moved_fen
    FROM entry j
    JOIN entry_line k ON k.compound_id = j.compound_id AND k.number = j.number
    GROUP BY j.compound_id, j.entry_id, k.account
) e ON e.compound_id = m.compound_id AND e.entry_id = m.entry_id AND e.account = m.account
WHERE abs(m.matched_fen) > abs(coalesce(e.moved_fen, 0)) OR m.matched_fen * coalesce(e.moved_fen, 0) < 0;

-- name: alarming_lines_have_an_open_alarm
SELECT l.compound_id, l.line_id
FROM bank_line l
WHERE l.state = 'alarm' AND NOT EXISTS (
    SELECT FROM alarm a
    WHERE a.compound_id = l.compound_id AND a.line_id = l.line_id AND a.state = 'open'
);

-- name: debits_are_matched_to_what_was_signed
SELECT m.compound_id, m.line_id, m.entry_id
FROM bank_match m
JOIN entry e ON e.compound_id = m.compound_id AND e.entry_id = m.entry_id
WHERE m.amount_fen < 0 AND e.act_id IS NULL AND e.reverses_entry_id IS NULL;

-- name: statements_count_their_lines
SELECT s.compound_id, s.statement_id, s.new_lines, count(l.line_id) AS found_lines
FROM bank_statement s
LEFT JOIN bank_line l ON l.compound_id = s.compound_id AND l.statement_id = s.statement_id
GROUP BY s.compound_id, s.statement_id, s.new_lines
HAVING s.new_lines <> count(l.line_id);

-- name: sealed_reconciliations_hold_what_the_journal_adds_up_to
WITH moved AS (
    SELECT e.compound_id, l.account, e.period, sum(l.debit_fen - l.credit_fen) AS moved_fen
    FROM entry e
    JOIN entry_line l ON l.compound_id = e.compound_id AND l.number = e.number
    WHERE l.account LIKE '1002%'
    GROUP BY e.compound_id, l.account, e.period
), summed AS (
    SELECT s.compound_id, s.account, s.period, s.books_fen, coalesce(sum(m.moved_fen), 0) AS journal_fen
    FROM sealed_reconciliation s
    LEFT JOIN moved m
        ON m.compound_id = s.compound_id AND m.account = s.account AND m.period <= s.period
    GROUP BY s.compound_id, s.account, s.period, s.books_fen
)
SELECT * FROM summed WHERE books_fen <> journal_fen;

-- name: the_last_seal_names_every_line_and_entry_that_was_open
WITH sealed AS (
    SELECT DISTINCT ON (compound_id, account) *,
           CAST(to_date(CAST(period AS text), 'YYYYMM') + INTERVAL '1 month' AS date) AS next_on
    FROM sealed_reconciliation
    ORDER BY compound_id, account, period DESC
), moved AS (
    SELECT s.compound_id, s.account, s.next_on, s.open_entries, e.entry_id,
           sum(l.debit_fen - l.credit_fen) AS moved_fen
    FROM sealed s
    JOIN entry e ON e.compound_id = s.compound_id AND e.period <= s.period AND e.kind <> 'opening'
    JOIN entry_line l
        ON l.compound_id = e.compound_id AND l.number = e.number AND l.account = s.account
    GROUP BY s.compound_id, s.account, s.next_on, s.open_entries, e.entry_id
), matched AS (
    SELECT m.compound_id, m.account, m.entry_id, sum(m.amount_fen) AS matched_fen
    FROM bank_match m
    JOIN sealed s
        ON s.compound_id = m.compound_id AND s.account = m.account AND m.booked_on < s.next_on
    GROUP BY m.compound_id, m.account, m.entry_id
)
SELECT v.compound_id, v.account, v.entry_id AS open_id
FROM moved v
LEFT JOIN matched t
    ON t.compound_id = v.compound_id AND t.account = v.account AND t.entry_id = v.entry_id
WHERE v.moved_fen <> coalesce(t.matched_fen, 0) AND v.entry_id <> ALL (v.open_entries)
UNION ALL
SELECT s.compound_id, s.account, l.line_id
FROM sealed s
JOIN bank_line l
    ON l.compound_id = s.compound_id AND l.account = s.account AND l.booked_on < s.next_on
JOIN bank_statement b ON b.compound_id = l.compound_id AND b.statement_id = l.statement_id
WHERE b.closed_through < s.period AND l.state IN ('unmatched', 'proposed', 'alarm')
    AND l.line_id <> ALL (s.open_lines);
