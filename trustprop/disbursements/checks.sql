-- Integrity of the payments. Every query must return no rows; each begins with its name after "-- name:".

-- name: every_released_order_is_signed_by_as_many_of_each_side_as_its_act_demands
SELECT o.compound_id, o.order_id, r.party
FROM payment_order o
CROSS JOIN (VALUES ('trustee'), ('owners')) AS r (party)
LEFT JOIN act_version v
    ON v.compound_id = o.compound_id AND v.act_id = o.act_id AND v.version = o.act_version
LEFT JOIN LATERAL (
    SELECT max(CAST(d.wanted ->> 'count' AS integer)) AS demanded
    FROM jsonb_array_elements(v.required) AS d (wanted)
    WHERE d.wanted ->> 'party' = r.party
) AS n ON true
WHERE o.released_at IS NOT NULL
    AND (
        SELECT count(DISTINCT s.person_id)
        FROM act_signature s
        WHERE s.compound_id = o.compound_id AND s.act_id = o.act_id AND s.version = o.act_version
            AND s.party = r.party AND s.signed_at <= o.released_at
    ) < greatest(coalesce(n.demanded, 1), 1);

-- name: what_was_signed_is_the_order_to_the_last_value
SELECT o.compound_id, o.order_id
FROM payment_order o
LEFT JOIN act a ON a.compound_id = o.compound_id AND a.act_id = o.act_id
LEFT JOIN act_version v
    ON v.compound_id = o.compound_id AND v.act_id = o.act_id AND v.version = o.act_version
WHERE o.released_at IS NOT NULL
    AND (
        a.state IS DISTINCT FROM 'signed'
        OR a.kind IS DISTINCT FROM 'payment-order'
        OR a.version IS DISTINCT FROM o.act_version
        OR v.digest IS DISTINCT FROM sha256(v.payload)
        OR CAST(convert_from(v.payload, 'UTF8') AS jsonb) -> 'body' IS DISTINCT FROM o.body
    );

-- name: the_columns_of_an_order_say_what_its_body_says
SELECT o.compound_id, o.order_id
FROM payment_order o
WHERE o.body ->> 'order_id' <> CAST(o.order_id AS text)
    OR o.body ->> 'kind' <> o.kind
    OR CAST(o.body ->> 'amount_fen' AS bigint) <> o.amount_fen
    OR o.body ->> 'fund' <> o.fund
    OR o.body ->> 'bank_account' <> o.bank_account
    OR o.body ->> 'account' <> o.account
    OR o.body ->> 'pay_on' <> CAST(o.pay_on AS text);

-- name: what_an_act_demands_follows_from_the_policy_it_was_drawn_up_under
SELECT o.compound_id, o.order_id
FROM payment_order o
JOIN act_version v
    ON v.compound_id = o.compound_id AND v.act_id = o.act_id AND v.version = o.act_version
LEFT JOIN payment_policy p ON p.compound_id = o.compound_id AND p.version = o.policy_version
LEFT JOIN LATERAL (
    SELECT b.band
    FROM jsonb_array_elements(p.terms -> 'rules') AS b (band)
    WHERE CAST(b.band ->> 'from_fen' AS bigint) <= o.amount_fen
        AND (
            b.band ->> 'fund' = o.fund
            OR b.band ->> 'fund' IS NULL AND NOT EXISTS (
                SELECT FROM jsonb_array_elements(p.terms -> 'rules') AS x (band)
                WHERE x.band ->> 'fund' = o.fund
            )
        )
    ORDER BY CAST(b.band ->> 'from_fen' AS bigint) DESC
    LIMIT 1
) AS rule ON true
WHERE o.policy_version > 0 AND o.released_at IS NOT NULL
    AND (
        p.version IS NULL
        OR o.body ->> 'policy_digest' <> encode(p.digest, 'hex')
        OR EXISTS (
            SELECT FROM jsonb_array_elements(v.required) AS d (wanted)
            WHERE d.wanted ->> 'count' <> rule.band ->> (d.wanted ->> 'party')
        )
    );

-- name: nobody_signed_an_order_for_both_sides
SELECT s.compound_id, s.act_id, s.version, s.person_id
FROM act_signature s
JOIN payment_order o ON o.compound_id = s.compound_id AND o.act_id = s.act_id
GROUP BY s.compound_id, s.act_id, s.version, s.person_id
HAVING count(DISTINCT s.party) > 1;

-- name: every_released_order_has_one_entry_of_its_amount_out_of_its_bank_account
SELECT o.compound_id, o.order_id, o.amount_fen, sum(l.credit_fen - l.debit_fen) AS booked_fen
FROM payment_order o
LEFT JOIN entry e
    ON e.compound_id = o.compound_id AND e.entry_id = o.order_id AND e.kind = 'payment'
    AND e.act_id = o.act_id AND e.accounting_on = o.pay_on
LEFT JOIN entry_line l
    ON l.compound_id = e.compound_id AND l.number = e.number
    AND l.account = o.bank_account AND l.fund = o.fund
WHERE o.released_at IS NOT NULL
GROUP BY o.compound_id, o.order_id, o.amount_fen
HAVING sum(l.credit_fen - l.debit_fen) IS DISTINCT FROM CAST(o.amount_fen AS numeric);

-- name: every_payment_in_the_books_is_a_released_order
SELECT e.compound_id, e.number
FROM entry e
WHERE e.kind = 'payment' AND NOT EXISTS (
    SELECT FROM payment_order o
    WHERE o.compound_id = e.compound_id AND o.order_id = e.entry_id AND o.released_at IS NOT NULL
) AND NOT EXISTS (
    SELECT FROM act a
    WHERE a.compound_id = e.compound_id AND a.act_id = e.act_id
        AND a.kind = 'alarm-clearance' AND a.state = 'signed'
);

-- name: a_returned_order_and_only_it_has_its_entry_reversed
SELECT o.compound_id, o.order_id, o.state
FROM payment_order o
WHERE o.released_at IS NOT NULL AND (o.state = 'returned') <> EXISTS (
    SELECT FROM entry e
    WHERE e.compound_id = o.compound_id AND e.reverses_entry_id = o.order_id
);

-- name: no_invoice_is_paid_by_two_orders
SELECT i.compound_id, i.invoice_id, count(*) AS orders
FROM order_invoice i
WHERE i.is_held
GROUP BY i.compound_id, i.invoice_id
HAVING count(*) > 1;

-- name: an_order_holds_its_invoices_while_it_is_alive_and_their_sum_is_its_amount
SELECT o.compound_id, o.order_id, o.state, sum(i.amount_fen) AS held_fen
FROM payment_order o
LEFT JOIN order_invoice i
    ON i.compound_id = o.compound_id AND i.order_id = o.order_id AND i.is_held
WHERE o.kind = 'invoices'
GROUP BY o.compound_id, o.order_id, o.state, o.amount_fen
HAVING coalesce(sum(i.amount_fen), 0) <> CASE
    WHEN o.state IN ('awaiting_signatures', 'released', 'exported', 'settled') THEN o.amount_fen
    ELSE 0
END;

-- name: an_invoice_is_paid_exactly_when_its_order_has_paid
SELECT n.compound_id, n.invoice_id, n.state AS invoice_state, o.state AS order_state
FROM invoice n
LEFT JOIN order_invoice i
    ON i.compound_id = n.compound_id AND i.invoice_id = n.invoice_id AND i.is_held
LEFT JOIN payment_order o ON o.compound_id = i.compound_id AND o.order_id = i.order_id
WHERE n.state IN ('ordered', 'paid') AND o.order_id IS NULL
    OR o.state = 'awaiting_signatures' AND n.state <> 'ordered'
    OR o.state IN ('released', 'exported', 'settled') AND n.state <> 'paid';

-- name: order_numbers_are_gapless_in_each_year
SELECT o.compound_id, o.number_year, count(*) AS orders, max(o.number) AS last_number
FROM payment_order o
WHERE o.number IS NOT NULL
GROUP BY o.compound_id, o.number_year
HAVING count(*) <> max(o.number) OR min(o.number) <> 1;

-- name: a_large_payment_was_published_before_it_was_made
SELECT o.compound_id, o.order_id
FROM payment_order o
WHERE o.released_at IS NOT NULL AND o.body ->> 'published_on' IS NOT NULL
    AND CAST(o.body ->> 'published_on' AS date)
        >= CAST(o.released_at AT TIME ZONE 'Asia/Shanghai' AS date);

-- name: refunds_of_an_order_sum_to_what_it_says
SELECT o.compound_id, o.order_id, o.refunded_fen, coalesce(sum(r.amount_fen), 0) AS received_fen
FROM payment_order o
LEFT JOIN order_refund r ON r.compound_id = o.compound_id AND r.order_id = o.order_id
GROUP BY o.compound_id, o.order_id, o.refunded_fen
HAVING coalesce(sum(r.amount_fen), 0) <> o.refunded_fen;

-- name: a_bank_file_carries_what_it_says
SELECT f.compound_id, f.file_id, f.orders, count(o.order_id) AS carried
FROM bank_file f
LEFT JOIN payment_order o ON o.compound_id = f.compound_id AND o.bank_file_id = f.file_id
GROUP BY f.compound_id, f.file_id, f.orders, f.amount_fen
HAVING count(o.order_id) <> f.orders OR coalesce(sum(o.amount_fen), 0) <> f.amount_fen;

-- name: the_payee_that_is_kept_is_the_one_that_was_signed_for
SELECT o.compound_id, o.order_id
FROM payment_order o
LEFT JOIN payment_payee p
    ON p.compound_id = o.compound_id AND p.order_id = o.order_id AND p.act_version = o.act_version
WHERE o.released_at IS NOT NULL
    AND o.body -> 'payee' ->> 'commitment' IS DISTINCT FROM encode(sha256(
        int4send(octet_length(decode(p.salt, 'hex'))) || decode(p.salt, 'hex')
        || int4send(octet_length(p.name)) || convert_to(p.name, 'UTF8')
        || int4send(octet_length(p.bank)) || convert_to(p.bank, 'UTF8')
        || int4send(octet_length(p.account_number)) || convert_to(p.account_number, 'UTF8')
    ), 'hex');

-- name: the_maintenance_fund_paid_only_under_a_decision_about_its_use
SELECT o.compound_id, o.order_id
FROM payment_order o
LEFT JOIN resolution r
    ON r.compound_id = o.compound_id
    AND r.resolution_id = CAST(o.body ->> 'resolution_id' AS uuid)
WHERE o.released_at IS NOT NULL
    AND o.fund = 'MF'
    AND r.matter IS DISTINCT FROM 'maintenance_fund_use';
