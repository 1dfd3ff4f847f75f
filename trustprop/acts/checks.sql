-- Integrity of what both sides signed. Every query must return no rows.

-- name: every_signed_act_carries_the_signatures_that_its_payload_demands
SELECT a.compound_id, a.act_id, d.wanted ->> 'party' AS party
FROM act a
JOIN act_version v
    ON v.compound_id = a.compound_id AND v.act_id = a.act_id AND v.version = a.version
CROSS JOIN LATERAL jsonb_array_elements(
    CAST(convert_from(v.payload, 'UTF8') AS jsonb) -> 'required'
) AS d (wanted)
WHERE a.state = 'signed'
    AND (
        SELECT count(DISTINCT s.person_id)
        FROM act_signature s
        WHERE s.compound_id = a.compound_id AND s.act_id = a.act_id AND s.version = a.version
            AND s.party = d.wanted ->> 'party' AND s.signed_at <= a.ended_at
    ) < CAST(d.wanted ->> 'count' AS integer);

-- name: every_act_demands_both_sides
SELECT v.compound_id, v.act_id, v.version
FROM act_version v
WHERE NOT CAST(convert_from(v.payload, 'UTF8') AS jsonb) -> 'required'
    @> '[{"party": "trustee"}, {"party": "owners"}]';

-- name: what_is_stored_about_an_act_is_what_its_payload_says
SELECT v.compound_id, v.act_id, v.version
FROM act_version v
JOIN act a ON a.compound_id = v.compound_id AND a.act_id = v.act_id
CROSS JOIN LATERAL (SELECT CAST(convert_from(v.payload, 'UTF8') AS jsonb) AS said) AS p
WHERE v.digest <> sha256(v.payload)
    OR p.said ->> 'type' IS DISTINCT FROM 'trustprop/' || a.kind || '/v1'
    OR p.said ->> 'compound_id' IS DISTINCT FROM CAST(v.compound_id AS text)
    OR p.said ->> 'act_id' IS DISTINCT FROM CAST(v.act_id AS text)
    OR p.said ->> 'subject_id' IS DISTINCT FROM CAST(a.subject_id AS text)
    OR p.said ->> 'version' IS DISTINCT FROM CAST(v.version AS text)
    OR p.said -> 'required' IS DISTINCT FROM v.required
    OR CAST(p.said ->> 'expires_at' AS timestamptz) IS DISTINCT FROM v.expires_at;

-- name: every_signature_is_by_the_holder_of_its_key_while_it_was_not_revoked
SELECT s.compound_id, s.act_id, s.version, s.person_id
FROM act_signature s
JOIN signing_key k ON k.compound_id = s.compound_id AND k.key_id = s.key_id
WHERE k.person_id <> s.person_id OR s.signed_at < k.proved_at OR s.signed_at > k.revoked_at;
