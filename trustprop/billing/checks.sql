-- Integrity of billing. Every query must return no rows; each begins with its name after "-- name:".

-- name: charges_are_settled_by_their_allocations
SELECT c.compound_id, c.charge_id, c.settled_fen, coalesce(sum(a.amount_fen), 0) AS allocated_fen
FROM charge c
LEFT JOIN allocation a ON a.compound_id = c.compound_id AND a.charge_id = c.charge_id
GROUP BY c.compound_id, c.charge_id, c.settled_fen
HAVING c.settled_fen <> coalesce(sum(a.amount_fen), 0);

-- name: charge_runs_are_the_sums_of_their_charges
SELECT r.compound_id, r.run_id, r.charges, r.amount_fen, count(c.charge_id) AS found_charges, sum(c.amount_fen) AS found_fen
FROM charge_run r
LEFT JOIN charge c ON c.compound_id = r.compound_id AND c.run_id = r.run_id
GROUP BY r.compound_id, r.run_id, r.charges, r.amount_fen
HAVING r.charges <> count(c.charge_id) OR r.amount_fen <> coalesce(sum(c.amount_fen), 0);

-- name: homes_owe_what_their_sub_ledger_says
SELECT k.compound_id, k.account, k.home_id, k.open_fen, s.balance_fen
FROM (
    SELECT c.compound_id, c.home_id, sum(c.amount_fen - c.settled_fen) AS open_fen,
        CASE c.kind WHEN 'property_fee' THEN '112101' WHEN 'parking_fee' THEN '112102' ELSE '112103' END AS account,
        CASE c.kind WHEN 'ground_parking' THEN 'PR' ELSE 'OP' END AS fund
    FROM charge c
    GROUP BY c.compound_id, c.home_id, 4, 5
) k
LEFT JOIN subledger_balance s ON s.compound_id = k.compound_id AND s.account = k.account
    AND s.fund = k.fund AND s.counterparty_id = k.home_id
WHERE k.open_fen <> coalesce(s.balance_fen, 0);

-- name: receipts_of_homes_settle_what_they_say
SELECT r.compound_id, r.receipt_id, r.arrears_fen, coalesce(sum(a.amount_fen), 0) AS allocated_fen
FROM receipt r
LEFT JOIN allocation a ON a.compound_id = r.compound_id AND a.source_id = r.receipt_id
WHERE r.home_id IS NOT NULL
GROUP BY r.compound_id, r.receipt_id, r.arrears_fen
HAVING r.arrears_fen <> coalesce(sum(a.amount_fen), 0);

-- name: receipts_stand_in_the_journal
SELECT r.compound_id, r.receipt_id, r.entry_id
FROM receipt r
WHERE NOT EXISTS (
    SELECT FROM entry e WHERE e.compound_id = r.compound_id AND e.entry_id = r.entry_id
);

-- name: charges_stand_in_the_journal
SELECT c.compound_id, c.charge_id, c.entry_id
FROM charge c
WHERE c.entry_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM entry e WHERE e.compound_id = c.compound_id AND e.entry_id = c.entry_id
);

-- name: remuneration_is_held_while_a_hold_stands
SELECT h.compound_id, h.hold_id, b.balance_fen
FROM remuneration_hold h
JOIN balance b ON b.compound_id = h.compound_id AND b.account = '2205'
WHERE h.lifted_at IS NULL AND b.balance_fen <> 0;
