-- Integrity of the books. Every query must return no rows; each begins with its name after "-- name:".

-- name: entries_balance_in_every_fund
SELECT l.compound_id, l.number, l.fund, sum(l.debit_fen) AS debit_fen, sum(l.credit_fen) AS credit_fen
FROM entry_line l
GROUP BY l.compound_id, l.number, l.fund
HAVING sum(l.debit_fen) <> sum(l.credit_fen);

-- name: entries_have_two_lines_numbered_from_one
SELECT e.compound_id, e.number
FROM entry e
LEFT JOIN entry_line l ON l.compound_id = e.compound_id AND l.number = e.number
GROUP BY e.compound_id, e.number
HAVING count(l.line) < 2 OR max(l.line) <> count(l.line);

-- name: lines_belong_to_entries
SELECT l.compound_id, l.number, l.line
FROM entry_line l
WHERE NOT EXISTS (SELECT FROM entry e WHERE e.compound_id = l.compound_id AND e.number = l.number);

-- name: numbers_are_gapless
SELECT b.compound_id, b.tree_size, count(e.number) AS entries, max(e.number) AS last_number
FROM books b
LEFT JOIN entry e ON e.compound_id = b.compound_id
GROUP BY b.compound_id, b.tree_size
HAVING count(e.number) <> b.tree_size OR coalesce(max(e.number), 0) <> b.tree_size;

-- name: entries_belong_to_books
SELECT e.compound_id, e.number
FROM entry e
WHERE NOT EXISTS (SELECT FROM books b WHERE b.compound_id = e.compound_id);

-- name: balances_are_the_sums_of_their_lines
SELECT compound_id, fund, account, b.balance_fen, l.balance_fen AS lines_fen
FROM balance b
FULL JOIN (
    SELECT l.compound_id, l.fund, l.account, sum(l.debit_fen - l.credit_fen) AS balance_fen
    FROM entry_line l
    GROUP BY l.compound_id, l.fund, l.account
) l USING (compound_id, fund, account)
WHERE coalesce(b.balance_fen, 0) <> coalesce(l.balance_fen, 0);

-- name: turnovers_are_the_sums_of_their_lines
SELECT compound_id, period, fund, account
FROM turnover t
FULL JOIN (
    SELECT l.compound_id, e.period, l.fund, l.account, sum(l.debit_fen) AS debit_fen,
        sum(l.credit_fen) AS credit_fen
    FROM entry e
    JOIN entry_line l ON l.compound_id = e.compound_id AND l.number = e.number
    GROUP BY l.compound_id, e.period, l.fund, l.account
) l USING (compound_id, period, fund, account)
WHERE (t.debit_fen, t.credit_fen) IS DISTINCT FROM (l.debit_fen, l.credit_fen);

-- name: subledgers_are_the_sums_of_their_lines
SELECT compound_id, account, fund, counterparty_id
FROM subledger_balance s
FULL JOIN (
    SELECT l.compound_id, l.account, l.fund, l.counterparty_id,
        sum(l.debit_fen - l.credit_fen) AS balance_fen
    FROM entry_line l
    JOIN account a ON a.compound_id = l.compound_id AND a.code = l.account AND a.keeps_subledger
    GROUP BY l.compound_id, l.account, l.fund, l.counterparty_id
) l USING (compound_id, account, fund, counterparty_id)
WHERE coalesce(s.balance_fen, 0) <> coalesce(l.balance_fen, 0);

-- name: subledgers_add_up_to_their_account
SELECT b.compound_id, b.account, b.fund, b.balance_fen, coalesce(s.balance_fen, 0) AS subledger_fen
FROM balance b
JOIN account a ON a.compound_id = b.compound_id AND a.code = b.account AND a.keeps_subledger
LEFT JOIN (
    SELECT s.compound_id, s.account, s.fund, sum(s.balance_fen) AS balance_fen
    FROM subledger_balance s
    GROUP BY s.compound_id, s.account, s.fund
) s ON s.compound_id = b.compound_id AND s.account = b.account AND s.fund = b.fund
WHERE b.balance_fen <> coalesce(s.balance_fen, 0);

-- name: nothing_is_below_zero_that_may_not_be
SELECT b.compound_id, b.fund, b.account, b.balance_fen
FROM balance b
JOIN account a ON a.compound_id = b.compound_id AND a.code = b.account AND a.cannot_go_below_zero
WHERE CASE WHEN a.side = 'debit' THEN b.balance_fen ELSE -b.balance_fen END < 0;

-- name: no_counterparty_is_below_zero
SELECT s.compound_id, s.account, s.fund, s.counterparty_id, s.balance_fen
FROM subledger_balance s
JOIN account a ON a.compound_id = s.compound_id AND a.code = s.account
WHERE CASE WHEN a.side = 'debit' THEN s.balance_fen ELSE -s.balance_fen END < 0;

-- name: no_restricted_fund_is_below_zero
SELECT b.compound_id, b.fund, sum(b.balance_fen) AS deficit_fen
FROM balance b
JOIN ledger_fund f ON f.compound_id = b.compound_id AND f.fund = b.fund AND f.is_restricted
WHERE left(b.account, 1) IN ('3', '4', '5')
GROUP BY b.compound_id, b.fund
HAVING sum(b.balance_fen) > 0;

-- name: transfers_between_funds_cancel_out
SELECT b.compound_id, sum(b.balance_fen) AS difference_fen
FROM balance b
WHERE b.account IN ('3901', '3902')
GROUP BY b.compound_id
HAVING sum(b.balance_fen) <> 0
    AND NOT EXISTS (
        SELECT FROM entry e
        JOIN entry_line l ON l.compound_id = e.compound_id AND l.number = e.number
        WHERE e.compound_id = b.compound_id AND e.kind = 'opening' AND l.account IN ('3901', '3902')
    );

-- name: cash_leaves_by_acts_only
SELECT e.compound_id, e.number, l.account, sum(l.debit_fen - l.credit_fen) AS moved_fen
FROM entry e
JOIN entry_line l ON l.compound_id = e.compound_id AND l.number = e.number
WHERE left(l.account, 4) IN ('1001', '1002')
    AND (e.act_id IS NULL OR e.kind NOT IN ('opening', 'payment', 'transfer', 'reversal'))
GROUP BY e.compound_id, e.number, l.account
HAVING sum(l.debit_fen - l.credit_fen) < 0;

-- name: payments_are_signed_by_two_persons_of_two_parties
SELECT e.compound_id, e.number, e.act_id
FROM entry e
LEFT JOIN act a ON a.compound_id = e.compound_id AND a.act_id = e.act_id AND a.state = 'signed'
    AND a.subject_id = e.entry_id
LEFT JOIN act_signature s ON s.compound_id = a.compound_id AND s.act_id = a.act_id
    AND s.version = a.version
WHERE e.kind IN ('opening', 'payment')
GROUP BY e.compound_id, e.number, e.act_id
HAVING count(DISTINCT s.person_id) < 2 OR count(DISTINCT s.party) < 2;

-- name: payments_take_out_what_was_signed
SELECT e.compound_id, e.number, sum(l.credit_fen - l.debit_fen) AS paid_fen
FROM entry e
JOIN entry_line l ON l.compound_id = e.compound_id AND l.number = e.number
    AND left(l.account, 4) IN ('1001', '1002')
LEFT JOIN act a ON a.compound_id = e.compound_id AND a.act_id = e.act_id
LEFT JOIN act_version v ON v.compound_id = a.compound_id AND v.act_id = a.act_id
    AND v.version = a.version
WHERE e.kind = 'payment'
GROUP BY e.compound_id, e.number, v.payload
HAVING sum(l.credit_fen - l.debit_fen) IS DISTINCT FROM
    CAST(CAST(convert_from(v.payload, 'UTF8') AS jsonb) #>> '{body,amount_fen}' AS bigint);

-- name: transfers_rest_on_confirmed_resolutions
SELECT e.compound_id, e.number, e.resolution_id
FROM entry e
WHERE e.kind = 'transfer' AND NOT EXISTS (
    SELECT FROM resolution_outcome o
    WHERE o.compound_id = e.compound_id AND o.resolution_id = e.resolution_id
        AND o.state = 'confirmed'
);

-- name: walls_are_crossed_by_resolutions_only
SELECT e.compound_id, e.number
FROM entry e
JOIN entry_line l ON l.compound_id = e.compound_id AND l.number = e.number
WHERE l.account IN ('3901', '3902') AND e.resolution_id IS NULL AND e.kind <> 'opening'
GROUP BY e.compound_id, e.number;

-- name: reversals_mirror_their_entries
SELECT r.compound_id, r.number
FROM entry r
LEFT JOIN entry o ON o.compound_id = r.compound_id AND o.entry_id = r.reverses_entry_id
WHERE r.kind = 'reversal' AND (o.number IS NULL OR EXISTS (
    SELECT FROM (
        SELECT l.line, l.account, l.fund, l.debit_fen, l.credit_fen
        FROM entry_line l WHERE l.compound_id = r.compound_id AND l.number = r.number
    ) m
    FULL JOIN (
        SELECT l.line, l.account, l.fund, l.credit_fen, l.debit_fen
        FROM entry_line l WHERE l.compound_id = o.compound_id AND l.number = o.number
    ) w USING (line)
    WHERE (m.account, m.fund, m.debit_fen, m.credit_fen)
        IS DISTINCT FROM (w.account, w.fund, w.credit_fen, w.debit_fen)
));

-- name: leaf_hashes_are_those_of_their_entries
SELECT e.compound_id, e.number
FROM entry e
JOIN LATERAL (
    SELECT count(*)::integer AS line_count, string_agg(ledger_line_bytes(e.memo_salt, l.line, l.account,
        l.fund, l.debit_fen - l.credit_fen, l.budget_line_id, l.counterparty_id, l.scope, l.project),
        ''::bytea ORDER BY l.line) AS line_bytes
    FROM entry_line l
    WHERE l.compound_id = e.compound_id AND l.number = e.number
) b ON true
WHERE e.leaf_hash IS DISTINCT FROM ledger_leaf_hash(e.compound_id, e.entry_id, e.recorded_at,
    e.accounting_on, e.memo, e.memo_salt, e.kind, e.source_kind, e.source_id, e.act_id, e.resolution_id,
    e.reverses_entry_id,
    coalesce((SELECT string_agg(d.digest, ''::bytea ORDER BY d.ord)
        FROM unnest(e.evidence) WITH ORDINALITY AS d (digest, ord)), ''::bytea),
    b.line_count, b.line_bytes);

-- name: tree_nodes_are_those_of_their_children
SELECT n.compound_id, n.level, n.index
FROM tree_node n
LEFT JOIN entry el ON n.level = 1 AND el.compound_id = n.compound_id AND el.number = 2 * n.index + 1
LEFT JOIN entry er ON n.level = 1 AND er.compound_id = n.compound_id AND er.number = 2 * n.index + 2
LEFT JOIN tree_node nl ON n.level > 1 AND nl.compound_id = n.compound_id AND nl.level = n.level - 1
    AND nl.index = 2 * n.index
LEFT JOIN tree_node nr ON n.level > 1 AND nr.compound_id = n.compound_id AND nr.level = n.level - 1
    AND nr.index = 2 * n.index + 1
WHERE n.hash IS DISTINCT FROM sha256('\x01'::bytea || coalesce(el.leaf_hash, nl.hash)
    || coalesce(er.leaf_hash, nr.hash));

-- name: tree_nodes_are_complete
SELECT b.compound_id, l.level, b.tree_size >> l.level AS expected, count(n.index) AS found
FROM books b
CROSS JOIN generate_series(1, 62) AS l (level)
LEFT JOIN tree_node n ON n.compound_id = b.compound_id AND n.level = l.level
GROUP BY b.compound_id, b.tree_size, l.level
HAVING count(n.index) <> b.tree_size >> l.level;

-- name: frontiers_are_the_peaks_of_their_trees
SELECT b.compound_id, p.ord - 1 AS level
FROM books b
CROSS JOIN LATERAL unnest(b.frontier) WITH ORDINALITY AS p (peak, ord)
LEFT JOIN entry e ON p.ord = 1 AND e.compound_id = b.compound_id AND e.number = b.tree_size
LEFT JOIN tree_node n ON n.compound_id = b.compound_id AND n.level = p.ord - 1
    AND n.index = (b.tree_size >> (p.ord - 1)::integer) - 1
WHERE p.peak IS DISTINCT FROM CASE WHEN (b.tree_size >> (p.ord - 1)::integer) % 2 = 0 THEN ''::bytea
    WHEN p.ord = 1 THEN e.leaf_hash ELSE n.hash END;

-- name: periods_close_in_order
SELECT p.compound_id, p.period
FROM (
    SELECT p.compound_id, p.period, lag(p.period) OVER w AS previous, p.tree_size,
        lag(p.tree_size) OVER w AS previous_size
    FROM period p
    WINDOW w AS (PARTITION BY p.compound_id ORDER BY p.period)
) p
JOIN books b ON b.compound_id = p.compound_id
WHERE p.period > b.closed_through OR p.tree_size < p.previous_size OR p.tree_size > b.tree_size
    OR p.period <> CASE WHEN p.previous IS NULL THEN ledger_period_of(b.opened_on)
        ELSE ledger_next_period(p.previous) END;

-- name: closed_periods_took_no_entries
SELECT e.compound_id, e.number
FROM entry e
JOIN period p ON p.compound_id = e.compound_id AND p.period = e.period
WHERE e.number > p.tree_size;

-- name: sealed_balances_are_the_sums_of_their_lines
SELECT compound_id, period, fund, account
FROM period_balance b
FULL JOIN (
    SELECT p.compound_id, p.period, t.fund, t.account, sum(t.debit_fen - t.credit_fen) AS balance_fen
    FROM period p
    JOIN turnover t ON t.compound_id = p.compound_id AND t.period <= p.period
    GROUP BY p.compound_id, p.period, t.fund, t.account
) s USING (compound_id, period, fund, account)
WHERE b.balance_fen IS DISTINCT FROM s.balance_fen;
