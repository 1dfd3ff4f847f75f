-- Integrity of vendors, contracts and invoices. Every query must return no rows.

-- name: every accepted invoice stands in the journal with its gross amount as payable
SELECT i.compound_id, i.invoice_id
FROM invoice AS i
LEFT JOIN entry AS e ON e.compound_id = i.compound_id AND e.entry_id = i.entry_id
    AND e.kind = 'invoice' AND e.source_id = i.invoice_id
LEFT JOIN entry_line AS l ON l.compound_id = e.compound_id AND l.number = e.number
    AND l.account = '2202' AND l.counterparty_id = i.vendor_id
WHERE i.entry_id IS NOT NULL
GROUP BY i.compound_id, i.invoice_id, i.gross_fen
HAVING coalesce(sum(l.credit_fen - l.debit_fen), 0) <> i.gross_fen;

-- name: every entry of an invoice is of an accepted one, or taken back
SELECT e.compound_id, e.number
FROM entry AS e
LEFT JOIN invoice AS i ON i.compound_id = e.compound_id AND i.entry_id = e.entry_id
LEFT JOIN entry AS r ON r.compound_id = e.compound_id AND r.reverses_entry_id = e.entry_id
WHERE e.kind = 'invoice' AND (i.invoice_id IS NULL) = (r.entry_id IS NULL);

-- name: the lines of every acceptance sum to its invoice
SELECT a.compound_id, a.invoice_id, a.version
FROM invoice_event AS a
JOIN invoice AS i ON i.compound_id = a.compound_id AND i.invoice_id = a.invoice_id
JOIN invoice_event AS b ON b.compound_id = a.compound_id AND b.invoice_id = a.invoice_id
    AND b.version = a.version - 1 AND b.state = 'submitted'
LEFT JOIN invoice_line AS l ON l.compound_id = a.compound_id AND l.invoice_id = a.invoice_id
    AND l.version = a.version
WHERE a.state = 'accepted'
GROUP BY a.compound_id, a.invoice_id, a.version, i.gross_fen
HAVING coalesce(sum(l.amount_fen), 0) <> i.gross_fen;

-- name: every line is of an acceptance
SELECT l.compound_id, l.invoice_id, l.version
FROM invoice_line AS l
LEFT JOIN invoice_event AS a ON a.compound_id = l.compound_id AND a.invoice_id = l.invoice_id
    AND a.version = l.version AND a.state = 'accepted'
WHERE a.version IS NULL;

-- name: the history of an invoice is without gaps and ends in its state
SELECT i.compound_id, i.invoice_id
FROM invoice AS i
LEFT JOIN invoice_event AS e ON e.compound_id = i.compound_id AND e.invoice_id = i.invoice_id
GROUP BY i.compound_id, i.invoice_id, i.version, i.state
HAVING count(e.version) <> i.version
    OR max(e.version) IS DISTINCT FROM i.version
    OR max(e.state) FILTER (WHERE e.version = i.version) IS DISTINCT FROM i.state;

-- name: nobody accepted what he handed in
SELECT handed_in.compound_id, handed_in.invoice_id
FROM invoice_event AS handed_in
JOIN invoice_event AS accepted ON accepted.compound_id = handed_in.compound_id
    AND accepted.invoice_id = handed_in.invoice_id
    AND accepted.person_id = handed_in.person_id
JOIN invoice_event AS before ON before.compound_id = accepted.compound_id
    AND before.invoice_id = accepted.invoice_id AND before.version = accepted.version - 1
WHERE handed_in.version = 1 AND accepted.state = 'accepted' AND before.state = 'submitted';

-- name: live invoices claim their files and numbers, ended ones nothing
SELECT i.compound_id, i.invoice_id
FROM invoice AS i
LEFT JOIN invoice_claim AS c ON c.compound_id = i.compound_id AND c.invoice_id = i.invoice_id
GROUP BY i.compound_id, i.invoice_id, i.state, i.number, i.vendor_reference, i.files
HAVING count(c.claim) <> CASE
    WHEN i.state IN ('rejected', 'withdrawn') THEN 0
    ELSE cardinality(i.files)
        + CAST(i.number <> '' AS integer)
        + CAST(i.vendor_reference <> '' AS integer)
END;

-- name: the tax number of every live invoice is known over all compounds, and once
SELECT i.fiscal_number
FROM invoice AS i
LEFT JOIN invoice_number AS n ON n.number_hash = sha256(
    convert_to('trustprop/invoice-number/v1', 'UTF8') || decode('00', 'hex')
    || convert_to(i.fiscal_number, 'UTF8')
)
WHERE i.fiscal_number <> '' AND i.state NOT IN ('rejected', 'withdrawn')
GROUP BY i.fiscal_number
HAVING count(*) > 1 OR count(n.number_hash) = 0;

-- name: red invoices take back no more than their blue one
SELECT blue.compound_id, blue.invoice_id
FROM invoice AS blue
JOIN invoice AS red ON red.compound_id = blue.compound_id AND red.corrects_id = blue.invoice_id
WHERE red.state NOT IN ('rejected', 'withdrawn')
GROUP BY blue.compound_id, blue.invoice_id, blue.gross_fen
HAVING blue.gross_fen + sum(red.gross_fen) < 0;

-- name: a contract has billed what its accepted invoices sum to
SELECT c.compound_id, c.contract_id
FROM contract AS c
LEFT JOIN invoice AS i ON i.compound_id = c.compound_id AND i.contract_id = c.contract_id
    AND i.entry_id IS NOT NULL
GROUP BY c.compound_id, c.contract_id, c.billed_fen
HAVING coalesce(sum(i.gross_fen), 0) <> c.billed_fen;

-- name: contracts and usable accounts rest on a signed act
SELECT rests.compound_id, rests.subject_id
FROM (
    SELECT compound_id, contract_id AS subject_id, act_id
    FROM contract WHERE state IN ('in_force', 'ended')
    UNION ALL
    SELECT compound_id, account_id, act_id
    FROM vendor_account WHERE state IN ('signed', 'replaced')
) AS rests
LEFT JOIN act AS a ON a.compound_id = rests.compound_id AND a.act_id = rests.act_id
WHERE a.state IS DISTINCT FROM 'signed' OR a.subject_id IS DISTINCT FROM rests.subject_id;

-- name: every file of an invoice is among the evidence
SELECT i.compound_id, i.invoice_id
FROM invoice AS i
CROSS JOIN LATERAL unnest(
    i.files || i.attachments || coalesce(i.acceptance_evidence, '{}')
) AS named (sha256)
LEFT JOIN file AS f ON f.compound_id = i.compound_id AND f.sha256 = named.sha256
WHERE f.sha256 IS NULL;
