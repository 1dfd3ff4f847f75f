-- Integrity of meetings. Every query must return no rows; each begins with its name after "-- name:".

-- name: outcomes come from acts that ended so
SELECT o.compound_id, o.resolution_id, o.state, a.kind, a.state AS act_state
FROM resolution_outcome o
LEFT JOIN act a ON a.compound_id = o.compound_id AND a.act_id = o.act_id
WHERE o.by_resolution_id IS NULL AND CASE o.state
    WHEN 'confirmed' THEN a.kind IS DISTINCT FROM 'resolution' OR a.state <> 'signed'
    WHEN 'rejected' THEN a.kind IS DISTINCT FROM 'resolution' OR a.state IN ('open', 'signed')
    ELSE a.kind IS DISTINCT FROM 'resolution-revocation' OR a.state <> 'signed'
END;

-- name: outcomes by a count come from a counted resolution that says so
SELECT o.compound_id, o.resolution_id, o.state, o.by_resolution_id
FROM resolution_outcome o
LEFT JOIN resolution r
    ON r.compound_id = o.compound_id AND r.resolution_id = o.by_resolution_id
WHERE o.by_resolution_id IS NOT NULL AND (
    r.meeting_id IS NULL
    OR (o.state = 'revoked' AND r.revokes_resolution_id IS DISTINCT FROM o.resolution_id)
);

-- name: counted resolutions are confirmed by their count
SELECT r.compound_id, r.resolution_id
FROM resolution r
WHERE r.meeting_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM resolution_outcome o
    WHERE o.compound_id = r.compound_id AND o.resolution_id = r.resolution_id
        AND o.state = 'confirmed' AND o.by_resolution_id = r.resolution_id
);

-- name: counted resolutions have a meeting that came through every step
SELECT r.compound_id, r.resolution_id, m.meeting_id
FROM resolution r
LEFT JOIN meeting m ON m.compound_id = r.compound_id AND m.meeting_id = r.meeting_id
WHERE r.meeting_id IS NOT NULL AND (
    m.is_rehearsal IS DISTINCT FROM false OR m.ended_at IS NOT NULL OR (
        SELECT count(DISTINCT s.step) FROM meeting_step s
        WHERE s.compound_id = r.compound_id AND s.meeting_id = r.meeting_id AND s.step IN
            ('proposal', 'screening', 'agenda', 'roll', 'notice', 'ballots_out', 'ballots_in',
             'close', 'count', 'tally', 'posting', 'effect')
    ) <> 12
);

-- name: counted resolutions say what the published count says
WITH counted AS (
    SELECT m.compound_id, m.meeting_id, encode(c.digest, 'hex') AS digest, one.result
    FROM meeting m
    JOIN vote_count c ON c.compound_id = m.compound_id AND c.vote_id = m.vote_id
    CROSS JOIN LATERAL jsonb_array_elements(
        CAST(convert_from(c.document, 'UTF8') AS jsonb) -> 'results'
    ) AS one (result)
    WHERE EXISTS (
        SELECT FROM resolution r
        WHERE r.compound_id = m.compound_id AND r.meeting_id = m.meeting_id
    )
)
SELECT r.compound_id, r.resolution_id, r.meeting_id
FROM resolution r
WHERE r.meeting_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM counted x
    WHERE x.compound_id = r.compound_id AND x.meeting_id = r.meeting_id
        AND x.digest = r.count_digest
        AND CAST(x.result ->> 'question_id' AS uuid) = r.motion_id
        AND coalesce(CAST(x.result ->> 'candidate_id' AS uuid), r.motion_id) = r.resolution_id
        AND CAST(x.result ->> 'is_passed' AS boolean)
        AND x.result -> 'reading' @> jsonb_build_object(
            'total', jsonb_build_object('heads', r.total_heads, 'area_dm2', r.total_area_dm2),
            'participating', jsonb_build_object(
                'heads', r.participating_heads, 'area_dm2', r.participating_area_dm2
            ),
            'in_favour', jsonb_build_object('heads', r.for_heads, 'area_dm2', r.for_area_dm2)
        )
);

-- name: counted resolutions say what the motion said
SELECT r.compound_id, r.resolution_id, r.motion_id
FROM resolution r
JOIN motion m ON m.compound_id = r.compound_id AND m.motion_id = r.motion_id
WHERE r.decision IS DISTINCT FROM m.content ->> 'decision' OR r.matter <> m.matter
    OR r.majority <> m.majority OR r.legal_basis <> m.legal_basis
    OR r.building <> m.content #>> '{scope,building}' OR r.stair <> m.content #>> '{scope,stair}'
    OR (m.content -> 'election' = 'null' AND m.content -> 'amendment' = 'null'
        AND r.subject_id IS DISTINCT FROM CAST(m.content ->> 'subject_id' AS uuid));

-- name: ballots went out after the clear days of the notice and were taken in until the close
SELECT m.compound_id, m.meeting_id, m.notice_on, o.done_at AS out_at, c.done_at AS closed_at
FROM meeting m
JOIN meeting_step n ON n.compound_id = m.compound_id AND n.meeting_id = m.meeting_id
    AND n.step = 'notice'
JOIN meeting_step o ON o.compound_id = m.compound_id AND o.meeting_id = m.meeting_id
    AND o.step = 'ballots_out'
LEFT JOIN meeting_step c ON c.compound_id = m.compound_id AND c.meeting_id = m.meeting_id
    AND c.step = 'close'
WHERE o.done_at < m.opens_at OR c.done_at < m.closes_at
    OR CAST(o.done_at AT TIME ZONE 'Asia/Shanghai' AS date)
        <= m.notice_on + CAST(n.facts ->> 'clear_days' AS integer);

-- name: signed resolutions are confirmed
SELECT a.compound_id, a.act_id
FROM act a
JOIN resolution r ON r.compound_id = a.compound_id AND r.act_id = a.act_id
LEFT JOIN resolution_outcome o
    ON o.compound_id = r.compound_id AND o.resolution_id = r.resolution_id AND o.state = 'confirmed'
WHERE (a.state = 'signed') <> (o.resolution_id IS NOT NULL);

-- name: meetings are numbered without gaps
SELECT compound_id, is_rehearsal, year, count(*) AS meetings, max(serial) AS last_serial
FROM meeting
GROUP BY compound_id, is_rehearsal, year
HAVING count(*) <> max(serial);

-- name: resolutions are numbered without gaps
SELECT compound_id, year, count(*) AS resolutions, max(serial) AS last_serial
FROM resolution
GROUP BY compound_id, year
HAVING count(*) <> max(serial);

-- name: minutes are among the evidence
SELECT r.compound_id, r.resolution_id, m.sha256
FROM resolution r
CROSS JOIN unnest(r.minutes) AS m (sha256)
WHERE NOT EXISTS (
    SELECT FROM file f WHERE f.compound_id = r.compound_id AND encode(f.sha256, 'hex') = m.sha256
);

-- name: resolutions say what both sides signed
SELECT r.compound_id, r.resolution_id
FROM resolution r
JOIN act a ON a.compound_id = r.compound_id AND a.act_id = r.act_id
JOIN act_version v
    ON v.compound_id = a.compound_id AND v.act_id = a.act_id AND v.version = a.version
CROSS JOIN LATERAL (
    SELECT CAST(convert_from(v.payload, 'UTF8') AS jsonb) -> 'body' AS said
) AS b
WHERE NOT b.said @> jsonb_build_object(
    'resolution_id', r.resolution_id, 'matter', r.matter, 'majority', r.majority,
    'decided_by', r.decided_by, 'subject_id', r.subject_id, 'title', r.title,
    'decision', r.decision, 'record_on', r.record_on, 'held_on', r.held_on,
    'valid_from', r.valid_from, 'valid_until', r.valid_until, 'minutes', r.minutes,
    'figures', jsonb_build_object(
        'total_heads', r.total_heads, 'participating_heads', r.participating_heads,
        'for_heads', r.for_heads, 'total_area_dm2', r.total_area_dm2,
        'participating_area_dm2', r.participating_area_dm2, 'for_area_dm2', r.for_area_dm2
    )
);
