-- Integrity of the budgets. Every query must return no rows.

-- name: lines are the sums of their movements
SELECT c.compound_id, c.line_id
FROM line_control AS c
LEFT JOIN line_movement AS m ON m.compound_id = c.compound_id AND m.line_id = c.line_id
GROUP BY c.compound_id, c.line_id
HAVING coalesce(sum(m.appropriated_fen), 0) <> c.appropriated_fen
    OR coalesce(sum(m.adjusted_fen), 0) <> c.adjusted_fen
    OR coalesce(sum(m.actual_fen), 0) <> c.actual_fen
    OR coalesce(sum(m.encumbered_fen), 0) <> c.encumbered_fen
    OR coalesce(sum(m.reserved_fen), 0) <> c.reserved_fen;

-- name: movements of a line are numbered without gaps
SELECT c.compound_id, c.line_id
FROM line_control AS c
LEFT JOIN line_movement AS m ON m.compound_id = c.compound_id AND m.line_id = c.line_id
GROUP BY c.compound_id, c.line_id
HAVING count(m.number) <> c.movements OR coalesce(max(m.number), 0) <> c.movements;

-- name: no movement ever left a line below zero
SELECT compound_id, line_id, number
FROM (
    SELECT m.compound_id, m.line_id, m.number,
           sum(m.appropriated_fen + m.adjusted_fen - m.actual_fen - m.encumbered_fen
               - m.reserved_fen) OVER line AS available_fen,
           sum(m.actual_fen) OVER line AS actual_fen,
           sum(m.encumbered_fen) OVER line AS encumbered_fen,
           sum(m.reserved_fen) OVER line AS reserved_fen
    FROM line_movement AS m
    WINDOW line AS (PARTITION BY m.compound_id, m.line_id ORDER BY m.number)
) AS walked
WHERE least(available_fen, actual_fen, encumbered_fen, reserved_fen) < 0;

-- name: what lines spent is what the journal shows on them
SELECT c.compound_id, c.line_id, c.actual_fen - l.used_before_fen AS spent_fen, j.posted_fen
FROM line_control AS c
JOIN budget_line AS l ON l.compound_id = c.compound_id AND l.line_id = c.line_id
LEFT JOIN (
    SELECT compound_id, budget_line_id, sum(debit_fen - credit_fen) AS posted_fen
    FROM entry_line
    WHERE budget_line_id IS NOT NULL
    GROUP BY compound_id, budget_line_id
) AS j ON j.compound_id = c.compound_id AND j.budget_line_id = c.line_id
WHERE c.actual_fen - l.used_before_fen <> coalesce(j.posted_fen, 0);

-- name: the journal names only budget lines in force
SELECT e.compound_id, e.number, e.line
FROM entry_line AS e
LEFT JOIN line_control AS c ON c.compound_id = e.compound_id AND c.line_id = e.budget_line_id
WHERE e.budget_line_id IS NOT NULL AND c.line_id IS NULL;

-- name: the journal uses a budget line in its own fund
SELECT e.compound_id, e.number, e.line
FROM entry_line AS e
JOIN budget_line AS l ON l.compound_id = e.compound_id AND l.line_id = e.budget_line_id
WHERE e.fund <> l.fund;

-- name: exactly the lines of budgets in force have a control
SELECT l.compound_id, l.line_id, b.state
FROM budget_line AS l
JOIN budget AS b ON b.compound_id = l.compound_id AND b.budget_id = l.budget_id
LEFT JOIN line_control AS c ON c.compound_id = l.compound_id AND c.line_id = l.line_id
WHERE (b.state = 'adopted') <> (c.line_id IS NOT NULL);

-- name: virements take as much as they give
SELECT v.compound_id, v.virement_id
FROM budget_virement AS v
LEFT JOIN line_movement AS m
    ON m.compound_id = v.compound_id AND m.source_kind = 'virement' AND m.source_id = v.virement_id
WHERE v.state = 'in_force'
GROUP BY v.compound_id, v.virement_id, v.amount_fen
HAVING count(m.number) <> 2
    OR sum(m.adjusted_fen) <> 0
    OR max(m.adjusted_fen) <> v.amount_fen;

-- name: emergencies gave what both sides signed
SELECT g.compound_id, g.emergency_id
FROM budget_emergency AS g
LEFT JOIN line_movement AS m
    ON m.compound_id = g.compound_id AND m.source_kind = 'emergency' AND m.source_id = g.emergency_id
WHERE g.state = 'in_force'
GROUP BY g.compound_id, g.emergency_id, g.amount_fen
HAVING coalesce(sum(m.adjusted_fen), 0) <> g.amount_fen;

-- name: the adopted version is the last version saved
SELECT b.compound_id, b.budget_id
FROM budget AS b
LEFT JOIN budget_version AS v ON v.compound_id = b.compound_id AND v.budget_id = b.budget_id
GROUP BY b.compound_id, b.budget_id, b.version
HAVING coalesce(max(v.version), 0) <> b.version OR count(v.version) <> b.version;

-- name: versions are what their digests say
SELECT compound_id, budget_id, version
FROM budget_version
WHERE digest <> sha256(document);
