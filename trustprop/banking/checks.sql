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
