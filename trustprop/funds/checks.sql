-- Integrity of the funds. Every query must return no rows.

-- name: the ledger walls in exactly the restricted funds
SELECT f.compound_id, f.code
FROM fund AS f
JOIN ledger_fund AS l ON l.compound_id = f.compound_id AND l.fund = f.code
WHERE f.is_restricted <> l.is_restricted OR NOT l.is_open;

-- name: bank accounts hold only the funds of their label
SELECT b.compound_id, b.account, b.fund, b.balance_fen
FROM balance AS b
JOIN bank_account AS a
    ON a.compound_id = b.compound_id AND a.account_code = b.account AND a.state = 'in_force'
WHERE b.balance_fen <> 0 AND NOT b.fund = ANY (a.funds);

-- name: every transfer is the entry that it says
SELECT t.compound_id, t.transfer_id
FROM fund_transfer AS t
LEFT JOIN entry AS e
    ON e.compound_id = t.compound_id AND e.entry_id = t.transfer_id AND e.number = t.number
    AND e.kind = 'transfer' AND e.resolution_id = t.resolution_id
    AND e.accounting_on = t.transferred_on
LEFT JOIN entry_line AS l ON l.compound_id = e.compound_id AND l.number = e.number
GROUP BY t.compound_id, t.transfer_id, t.amount_fen, t.from_fund, t.to_fund, t.bank_account
HAVING count(*) FILTER (
    WHERE (l.account, l.fund, l.debit_fen, l.credit_fen) IN (
        ('3902', t.from_fund, t.amount_fen, 0), (t.bank_account, t.from_fund, 0, t.amount_fen),
        (t.bank_account, t.to_fund, t.amount_fen, 0), ('3901', t.to_fund, 0, t.amount_fen)
    )
) <> 4;

-- name: every entry that crosses a fund wall is a transfer known here
SELECT e.compound_id, e.number
FROM entry AS e
LEFT JOIN fund_transfer AS t ON t.compound_id = e.compound_id AND t.transfer_id = e.entry_id
WHERE e.kind = 'transfer' AND t.transfer_id IS NULL;
