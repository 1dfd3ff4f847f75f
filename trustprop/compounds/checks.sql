-- Integrity of compounds. Every query must return no rows; each begins with its name after "-- name:".

-- name: nobody stands on two sides at once
SELECT a.compound_id, a.person_id, a.mandate_id, b.mandate_id AS other_mandate_id
FROM mandate a
JOIN mandate b ON b.compound_id = a.compound_id AND b.person_id = a.person_id AND b.party > a.party
WHERE greatest(a.valid_from, b.valid_from)
    < least(a.valid_until + 1, a.ended_on, b.valid_until + 1, b.ended_on);

-- name: mandates come from a signed act or a resolution that elects
SELECT m.compound_id, m.mandate_id, m.act_id
FROM mandate m
LEFT JOIN act a ON a.compound_id = m.compound_id AND a.act_id = m.act_id
LEFT JOIN resolution r ON r.compound_id = m.compound_id AND r.resolution_id = m.resolution_id
WHERE (m.act_id IS NOT NULL
        AND (a.state IS DISTINCT FROM 'signed' OR a.kind NOT IN ('founding', 'mandate')))
    OR (m.act_id IS NULL AND r.matter IS DISTINCT FROM 'mandate');

-- name: texts come from a signed act or a resolution about texts
SELECT t.compound_id, t.text_id, t.act_id
FROM governing_text t
LEFT JOIN act a ON a.compound_id = t.compound_id AND a.act_id = t.act_id
LEFT JOIN resolution r ON r.compound_id = t.compound_id AND r.resolution_id = t.resolution_id
WHERE (t.act_id IS NOT NULL
        AND (a.state IS DISTINCT FROM 'signed' OR a.kind NOT IN ('founding', 'governing-text')))
    OR (t.act_id IS NULL AND r.matter IS DISTINCT FROM 'governing_text');

-- name: an open compound has a trust instrument
SELECT c.compound_id
FROM compound c
LEFT JOIN trust_instrument i ON i.compound_id = c.compound_id
WHERE (c.state = 'open') <> (i.instrument_id IS NOT NULL);

-- name: an amended trust instrument comes from a signed act and the resolution that it names
SELECT i.compound_id, i.instrument_id
FROM trust_instrument i
LEFT JOIN act a ON a.compound_id = i.compound_id AND a.act_id = i.act_id
LEFT JOIN resolution r ON r.compound_id = i.compound_id AND r.resolution_id = i.resolution_id
WHERE a.state IS DISTINCT FROM 'signed'
    OR a.kind IS DISTINCT FROM
        CASE i.version WHEN 1 THEN 'founding' ELSE 'trust-instrument-amendment' END
    OR (i.version > 1 AND (
        r.subject_id IS DISTINCT FROM i.instrument_id OR r.matter NOT IN ('remuneration', 'trustee')
    ));

-- name: every home has an owner today
SELECT h.compound_id, h.home_id
FROM home h
WHERE NOT EXISTS (
    SELECT FROM home_owner o
    WHERE o.compound_id = h.compound_id AND o.home_id = h.home_id AND o.until_on IS NULL
);

-- name: versions of texts are gapless
SELECT compound_id, kind, count(*) AS texts, max(version) AS last_version
FROM governing_text
GROUP BY compound_id, kind
HAVING count(*) <> max(version);

-- name: keys come from a signed act that names them or a resolution that elects
SELECT k.compound_id, encode(k.key_id, 'hex') AS key_id
FROM signing_key k
LEFT JOIN act a ON a.compound_id = k.compound_id AND a.act_id = k.activated_by_act_id
LEFT JOIN act_version v
    ON v.compound_id = a.compound_id AND v.act_id = a.act_id AND v.version = a.version
WHERE k.activated_at IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM mandate m
        WHERE m.compound_id = k.compound_id
          AND m.person_id = k.person_id
          AND m.act_id IS NULL
          AND m.resolution_id = k.activated_by_resolution_id
    )
    AND (
        a.state IS DISTINCT FROM 'signed'
        OR a.kind NOT IN ('founding', 'mandate', 'key-activation', 'key-replacement')
        OR position(encode(k.key_id, 'hex') IN convert_from(v.payload, 'UTF8')) = 0
    );
