-- Integrity of the votes. Every query must return no rows; each begins with its name after "-- name:".

-- name: every ballot is the SHA-256 of its bytes, behind the one before it
SELECT b.compound_id, b.vote_id, b.sequence
FROM ballot b
JOIN vote v ON v.compound_id = b.compound_id AND v.vote_id = b.vote_id
LEFT JOIN ballot p
    ON p.compound_id = b.compound_id AND p.vote_id = b.vote_id AND p.sequence = b.sequence - 1
WHERE b.digest <> sha256(b.content)
    OR b.chain <> sha256(
        CASE WHEN b.sequence = 1 THEN v.box_start ELSE coalesce(p.chain, '') END || b.digest
    );

-- name: the head of a box is its last ballot, and none is missing
SELECT v.compound_id, v.vote_id
FROM vote v
LEFT JOIN ballot b
    ON b.compound_id = v.compound_id AND b.vote_id = v.vote_id AND b.sequence = v.box_size
WHERE v.box_head <> CASE WHEN v.box_size = 0 THEN v.box_start ELSE coalesce(b.chain, '') END
    OR v.box_size <> (
        SELECT count(*) FROM ballot c WHERE c.compound_id = v.compound_id AND c.vote_id = v.vote_id
    );

-- name: the columns of a ballot say what its bytes say
SELECT b.compound_id, b.vote_id, b.sequence
FROM ballot b
CROSS JOIN LATERAL (SELECT CAST(convert_from(b.content, 'UTF8') AS jsonb) AS said) AS c
WHERE c.said ->> 'compound_id' <> CAST(b.compound_id AS text)
    OR c.said ->> 'vote_id' <> CAST(b.vote_id AS text)
    OR c.said ->> 'ballot_id' <> CAST(b.ballot_id AS text)
    OR c.said ->> 'voter_id' <> CAST(b.voter_id AS text)
    OR c.said ->> 'owner_id' IS DISTINCT FROM CAST(b.owner_id AS text)
    OR c.said ->> 'channel' <> b.channel
    OR c.said ->> 'proxy_id' IS DISTINCT FROM CAST(b.proxy_id AS text)
    OR c.said ->> 'flaw' IS DISTINCT FROM b.flaw
    OR CAST(c.said ->> 'cast_at' AS timestamptz) <> b.cast_at
    OR (c.said ->> 'sealed' <> '') <> b.is_sealed;

-- name: every ballot came while its vote was open
SELECT b.compound_id, b.vote_id, b.sequence, b.cast_at
FROM ballot b
JOIN vote v ON v.compound_id = b.compound_id AND v.vote_id = b.vote_id
WHERE v.opens_at IS NULL OR b.cast_at < v.opens_at OR b.cast_at >= v.closes_at;

-- name: no owner has two ballots that count
SELECT a.compound_id, a.vote_id, a.voter_id, a.sequence, b.sequence
FROM ballot a
JOIN ballot b
    ON b.compound_id = a.compound_id AND b.vote_id = a.vote_id AND b.voter_id = a.voter_id
    AND b.sequence > a.sequence
    AND (a.owner_id IS NULL OR b.owner_id IS NULL OR a.owner_id = b.owner_id)
WHERE a.flaw IS NULL AND b.flaw IS NULL
    AND NOT EXISTS (
        SELECT FROM ballot_event e
        WHERE e.compound_id = a.compound_id AND e.ballot_id IN (a.ballot_id, b.ballot_id)
            AND e.kind IN ('struck', 'found_invalid')
    );

-- name: a ballot is of an owner of its voter, and of a proxy of its voter
SELECT b.compound_id, b.vote_id, b.sequence
FROM ballot b
JOIN roll_voter r
    ON r.compound_id = b.compound_id AND r.vote_id = b.vote_id AND r.voter_id = b.voter_id
LEFT JOIN proxy p ON p.compound_id = b.compound_id AND p.proxy_id = b.proxy_id
WHERE NOT coalesce(b.owner_id = ANY (r.owner_ids), true)
    OR (b.proxy_id IS NOT NULL AND (p.vote_id <> b.vote_id OR p.voter_id <> b.voter_id));

-- name: a ballot on paper was read alike by two persons in its round
SELECT b.compound_id, b.vote_id, b.sequence
FROM ballot b
WHERE b.paper_round IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM paper_entry e
        WHERE e.compound_id = b.compound_id AND e.vote_id = b.vote_id
            AND e.voter_id = b.voter_id AND e.round = b.paper_round
        GROUP BY e.reading
        HAVING count(DISTINCT e.entered_by) > 1
    );

-- name: the owner was told of every ballot in their name
SELECT b.compound_id, b.vote_id, b.sequence
FROM ballot b
WHERE NOT EXISTS (
    SELECT FROM voter_notice n
    WHERE n.compound_id = b.compound_id AND n.vote_id = b.vote_id AND n.voter_id = b.voter_id
        AND n.kind = 'ballot_recorded' AND n.facts ->> 'ballot_id' = CAST(b.ballot_id AS text)
);

-- name: one set of owners is one voter, and serials have no gap
SELECT r.compound_id, r.vote_id
FROM roll_voter r
GROUP BY r.compound_id, r.vote_id
HAVING count(*) <> max(r.serial)
    OR count(*) <> count(DISTINCT CASE WHEN r.is_developer THEN '{}' ELSE r.owner_ids END);

-- name: the totals of a vote are those of its roll, and every voter has a paper
SELECT v.compound_id, v.vote_id
FROM vote v
WHERE v.area_dm2 <> (
        SELECT coalesce(sum(h.area_dm2), 0) FROM roll_home h
        WHERE h.compound_id = v.compound_id AND h.vote_id = v.vote_id
    )
    OR v.heads <> (
        SELECT count(*) FROM roll_voter r
        WHERE r.compound_id = v.compound_id AND r.vote_id = v.vote_id
    )
    OR v.heads <> (
        SELECT count(*) FROM ballot_paper p
        WHERE p.compound_id = v.compound_id AND p.vote_id = v.vote_id
    )
    OR NOT EXISTS (
        SELECT FROM vote_question q WHERE q.compound_id = v.compound_id AND q.vote_id = v.vote_id
    );

-- name: a vote is counted if and only if it has a count
SELECT v.compound_id, v.vote_id
FROM vote v
LEFT JOIN vote_count c ON c.compound_id = v.compound_id AND c.vote_id = v.vote_id
WHERE (v.state = 'counted') <> (c.vote_id IS NOT NULL);

-- name: a published count stands for its vote, its roll and its box
SELECT c.compound_id, c.vote_id
FROM vote_count c
JOIN vote v ON v.compound_id = c.compound_id AND v.vote_id = c.vote_id
CROSS JOIN LATERAL (SELECT CAST(convert_from(c.document, 'UTF8') AS jsonb) AS said) AS d
WHERE c.digest <> sha256(c.document)
    OR d.said ->> 'root' <> encode(c.root, 'hex')
    OR CAST(d.said ->> 'tree_size' AS integer) <> c.tree_size
    OR d.said #>> '{head,compound_id}' <> CAST(c.compound_id AS text)
    OR d.said #>> '{head,vote_id}' <> CAST(c.vote_id AS text)
    OR d.said #>> '{head,subject_id}' <> CAST(v.subject_id AS text)
    OR CAST(d.said #>> '{head,is_rehearsal}' AS boolean) <> v.is_rehearsal
    OR d.said #>> '{head,roll,digest}' <> encode(v.roll_digest, 'hex')
    OR CAST(d.said #>> '{head,roll,heads}' AS integer) <> v.heads
    OR CAST(d.said #>> '{head,roll,area_dm2}' AS bigint) <> v.area_dm2
    OR d.said #>> '{head,box,head}' <> encode(v.box_head, 'hex')
    OR CAST(d.said #>> '{head,box,size}' AS integer) <> v.box_size;

-- name: a contested ballot is decided after it was contested
SELECT e.compound_id, e.ballot_id, e.number
FROM ballot_event e
LEFT JOIN ballot b
    ON b.compound_id = e.compound_id AND b.vote_id = e.vote_id AND b.ballot_id = e.ballot_id
WHERE b.ballot_id IS NULL
    OR (e.kind IN ('struck', 'upheld') AND NOT EXISTS (
        SELECT FROM ballot_event o
        WHERE o.compound_id = e.compound_id AND o.ballot_id = e.ballot_id
            AND o.number < e.number AND o.kind = 'objected'
    ));

-- name: no holder has more proxies in force than the policy of the vote allows
SELECT p.compound_id, p.vote_id, p.holder_commitment
FROM proxy p
JOIN vote v ON v.compound_id = p.compound_id AND v.vote_id = p.vote_id
LEFT JOIN proxy_end e ON e.compound_id = p.compound_id AND e.proxy_id = p.proxy_id
WHERE e.proxy_id IS NULL
GROUP BY p.compound_id, p.vote_id, p.holder_commitment, v.policy
HAVING count(*) > CAST(v.policy ->> 'proxies_per_holder' AS integer);

-- name: the owner was told of whatever was done to a ballot, and what an owner sent is not found invalid
SELECT e.compound_id, e.ballot_id, e.number
FROM ballot_event e
JOIN ballot b
    ON b.compound_id = e.compound_id AND b.vote_id = e.vote_id AND b.ballot_id = e.ballot_id
WHERE (e.kind = 'found_invalid' AND b.paper_round IS NULL)
    OR NOT EXISTS (
        SELECT FROM voter_notice n
        WHERE n.compound_id = b.compound_id AND n.vote_id = b.vote_id AND n.voter_id = b.voter_id
            AND n.facts ->> 'ballot_id' = CAST(e.ballot_id AS text) AND n.at = e.at
            AND n.kind = CASE e.kind
                WHEN 'objected' THEN 'objection_received'
                WHEN 'struck' THEN 'ballot_struck'
                WHEN 'upheld' THEN 'ballot_upheld'
                ELSE 'ballot_found_invalid'
            END
    );
