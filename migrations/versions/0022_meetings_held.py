"""From a proposal to a resolution: meetings, their steps and motions, and decisions that were counted here."""

from migrations.tools import script, tenant

revision = "0022_meetings_held"
down_revision = "0021_votes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script(MEETINGS)
    script(MOTIONS)
    script(AFTERWARDS)
    for table, grants in CHANGING.items():
        tenant(table, f"SELECT, INSERT, UPDATE ({grants})")
    for table in APPENDED:
        tenant(table, "SELECT, INSERT", append_only=True)
    script(COUNTED)
    script(WITNESSES)
    script(MONEY)


CHANGING = {
    "meeting": (
        "version, agenda_digest, vote_id, record_on, notice_on, opens_at, closes_at, extensions, "
        "chair_id, ended_at, ended_reason"
    ),
    "motion": "version, matter, majority, legal_basis, content, withdrawn_at, digest",
    "speech": "started_at, ended_at",
    "deliberation": "closed_at",
    "meeting_objection": "answer, is_upheld, answer_evidence, answered_by, answered_at",
}
APPENDED = (
    "meeting_step",
    "meeting_support",
    "motion_second",
    "deliberation_vote",
    "meeting_remark",
    "filing",
    "handover",
    "follow_up",
)

MEETINGS = """
CREATE TABLE meeting (
    compound_id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    year integer NOT NULL,
    serial integer NOT NULL,
    kind text NOT NULL,
    form text NOT NULL,
    title text NOT NULL,
    place text NOT NULL,
    called_by text NOT NULL,
    is_rehearsal boolean NOT NULL,
    proposed_by uuid NOT NULL,
    proposed_at timestamptz NOT NULL,
    version integer NOT NULL,
    agenda_digest text,
    vote_id uuid,
    record_on date,
    notice_on date,
    opens_at timestamptz,
    closes_at timestamptz,
    extensions integer NOT NULL,
    chair_id uuid,
    ended_at timestamptz,
    ended_reason text,
    CONSTRAINT pk_meeting PRIMARY KEY (compound_id, meeting_id),
    CONSTRAINT uq_meeting_rehearsal UNIQUE (compound_id, meeting_id, is_rehearsal),
    CONSTRAINT fk_meeting_compound FOREIGN KEY(compound_id) REFERENCES compound (compound_id),
    CONSTRAINT ck_meeting_kind CHECK (kind IN ('annual', 'extraordinary')),
    CONSTRAINT ck_meeting_form CHECK (form IN ('assembly', 'written', 'online')),
    CONSTRAINT ck_meeting_called_by CHECK (called_by IN ('committee', 'owners')),
    CONSTRAINT ck_meeting_ended CHECK ((ended_at IS NULL) = (ended_reason IS NULL)),
    CONSTRAINT ck_meeting_roll CHECK ((vote_id IS NULL) = (record_on IS NULL)),
    CONSTRAINT ck_meeting_notice CHECK (num_nonnulls(notice_on, opens_at, closes_at) IN (0, 3) AND
        (notice_on IS NULL OR (agenda_digest IS NOT NULL AND record_on = notice_on AND opens_at <
        closes_at)))
);
CREATE UNIQUE INDEX uq_meeting_number ON meeting (compound_id, is_rehearsal, year, serial);
CREATE UNIQUE INDEX uq_meeting_vote ON meeting (compound_id, vote_id);
CREATE TABLE meeting_step (
    compound_id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    step text NOT NULL,
    number integer NOT NULL,
    done_at timestamptz NOT NULL,
    done_by uuid,
    facts jsonb NOT NULL,
    evidence text[] NOT NULL,
    CONSTRAINT pk_meeting_step PRIMARY KEY (compound_id, meeting_id, step, number),
    CONSTRAINT fk_meeting_step_meeting FOREIGN KEY(compound_id, meeting_id) REFERENCES meeting (compound_id,
        meeting_id),
    CONSTRAINT ck_meeting_step_step CHECK (step IN ('proposal', 'screening', 'agenda', 'roll', 'notice',
        'debate', 'ballots_out', 'ballots_in', 'close', 'count', 'tally', 'posting', 'objections', 'filing',
        'effect', 'revocation_window')),
    CONSTRAINT ck_meeting_step_number CHECK (number = 1 OR (number > 1 AND step IN ('roll', 'ballots_in')))
);
CREATE TABLE meeting_support (
    compound_id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    home_id uuid NOT NULL,
    person_id uuid,
    recorded_by uuid NOT NULL,
    at timestamptz NOT NULL,
    evidence text[] NOT NULL,
    CONSTRAINT pk_meeting_support PRIMARY KEY (compound_id, meeting_id, home_id),
    CONSTRAINT fk_meeting_support_meeting FOREIGN KEY(compound_id, meeting_id) REFERENCES meeting
        (compound_id, meeting_id),
    CONSTRAINT fk_meeting_support_home FOREIGN KEY(compound_id, home_id) REFERENCES home (compound_id,
        home_id),
    CONSTRAINT ck_meeting_support_proof CHECK (person_id IS NOT NULL OR cardinality(evidence) > 0)
);
"""

MOTIONS = """
CREATE TABLE motion (
    compound_id uuid NOT NULL,
    motion_id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    position integer NOT NULL,
    version integer NOT NULL,
    matter text NOT NULL,
    majority text NOT NULL,
    legal_basis text NOT NULL,
    content jsonb NOT NULL,
    moved_by uuid NOT NULL,
    is_moved_by_committee boolean NOT NULL,
    moved_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    digest text,
    CONSTRAINT pk_motion PRIMARY KEY (compound_id, motion_id),
    CONSTRAINT uq_motion_meeting UNIQUE (compound_id, meeting_id, motion_id),
    CONSTRAINT fk_motion_meeting FOREIGN KEY(compound_id, meeting_id) REFERENCES meeting (compound_id,
        meeting_id),
    CONSTRAINT ck_motion_matter CHECK (content ->> 'matter' = matter),
    CONSTRAINT ck_motion_majority CHECK ((majority = 'unanimous') = (matter = 'change_to_business') AND
        (majority <> 'ordinary' OR matter NOT IN ('maintenance_fund_raise', 'common_part_business',
        'reconstruct')))
);
CREATE UNIQUE INDEX uq_motion_position ON motion (compound_id, meeting_id, position);
CREATE TABLE motion_second (
    compound_id uuid NOT NULL,
    motion_id uuid NOT NULL,
    version integer NOT NULL,
    person_id uuid NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_motion_second PRIMARY KEY (compound_id, motion_id, version, person_id),
    CONSTRAINT fk_motion_second_motion FOREIGN KEY(compound_id, motion_id) REFERENCES motion (compound_id,
        motion_id)
);
CREATE TABLE speech (
    compound_id uuid NOT NULL,
    speech_id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    motion_id uuid NOT NULL,
    person_id uuid NOT NULL,
    stance text NOT NULL,
    asked_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT pk_speech PRIMARY KEY (compound_id, speech_id),
    CONSTRAINT fk_speech_motion FOREIGN KEY(compound_id, meeting_id, motion_id) REFERENCES motion
        (compound_id, meeting_id, motion_id),
    CONSTRAINT ck_speech_stance CHECK (stance IN ('for', 'against', 'question')),
    CONSTRAINT ck_speech_two_minutes CHECK (ended_at IS NULL OR (started_at IS NOT NULL AND ended_at <=
        started_at + interval '2 minutes'))
);
CREATE INDEX ix_speech_meeting ON speech (compound_id, meeting_id, asked_at);
CREATE TABLE deliberation (
    compound_id uuid NOT NULL,
    deliberation_id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    motion_id uuid,
    question text NOT NULL,
    opened_by uuid NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    CONSTRAINT pk_deliberation PRIMARY KEY (compound_id, deliberation_id),
    CONSTRAINT fk_deliberation_meeting FOREIGN KEY(compound_id, meeting_id) REFERENCES meeting (compound_id,
        meeting_id),
    CONSTRAINT fk_deliberation_motion FOREIGN KEY(compound_id, meeting_id, motion_id) REFERENCES motion
        (compound_id, meeting_id, motion_id)
);
CREATE INDEX ix_deliberation_meeting ON deliberation (compound_id, meeting_id, opened_at);
CREATE TABLE deliberation_vote (
    compound_id uuid NOT NULL,
    deliberation_id uuid NOT NULL,
    person_id uuid NOT NULL,
    choice text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_deliberation_vote PRIMARY KEY (compound_id, deliberation_id, person_id),
    CONSTRAINT fk_deliberation_vote_deliberation FOREIGN KEY(compound_id, deliberation_id) REFERENCES
        deliberation (compound_id, deliberation_id),
    CONSTRAINT ck_deliberation_vote_choice CHECK (choice IN ('for', 'against', 'abstain'))
);
CREATE TABLE meeting_remark (
    compound_id uuid NOT NULL,
    remark_id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    motion_id uuid,
    written_by uuid NOT NULL,
    written_for text NOT NULL,
    body text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_meeting_remark PRIMARY KEY (compound_id, remark_id),
    CONSTRAINT fk_meeting_remark_meeting FOREIGN KEY(compound_id, meeting_id) REFERENCES meeting
        (compound_id, meeting_id),
    CONSTRAINT fk_meeting_remark_motion FOREIGN KEY(compound_id, meeting_id, motion_id) REFERENCES motion
        (compound_id, meeting_id, motion_id)
);
CREATE INDEX ix_meeting_remark_meeting ON meeting_remark (compound_id, meeting_id, at);
"""

AFTERWARDS = """
CREATE TABLE meeting_objection (
    compound_id uuid NOT NULL,
    objection_id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    target text NOT NULL,
    body text NOT NULL,
    evidence text[] NOT NULL,
    raised_by uuid NOT NULL,
    raised_at timestamptz NOT NULL,
    answer text,
    is_upheld boolean,
    answer_evidence text[] DEFAULT '{}' NOT NULL,
    answered_by uuid,
    answered_at timestamptz,
    CONSTRAINT pk_meeting_objection PRIMARY KEY (compound_id, objection_id),
    CONSTRAINT fk_meeting_objection_meeting FOREIGN KEY(compound_id, meeting_id) REFERENCES meeting
        (compound_id, meeting_id),
    CONSTRAINT ck_meeting_objection_target CHECK (target IN ('roll', 'result')),
    CONSTRAINT ck_meeting_objection_answer CHECK (num_nonnulls(answer, is_upheld, answered_by, answered_at)
        IN (0, 4))
);
CREATE INDEX ix_meeting_objection_meeting ON meeting_objection (compound_id, meeting_id, raised_at);
CREATE TABLE filing (
    compound_id uuid NOT NULL,
    filing_id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    kind text NOT NULL,
    filed_on date NOT NULL,
    receipt_number text NOT NULL,
    evidence text[] NOT NULL,
    recorded_by uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT pk_filing PRIMARY KEY (compound_id, filing_id),
    CONSTRAINT fk_filing_meeting FOREIGN KEY(compound_id, meeting_id) REFERENCES meeting (compound_id,
        meeting_id),
    CONSTRAINT ck_filing_kind CHECK (kind IN ('members', 'texts', 'decisions'))
);
CREATE INDEX ix_filing_meeting ON filing (compound_id, meeting_id);
CREATE TABLE handover (
    compound_id uuid NOT NULL,
    handover_id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    motion_id uuid NOT NULL,
    handed_on date NOT NULL,
    items text[] NOT NULL,
    evidence text[] NOT NULL,
    recorded_by uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT pk_handover PRIMARY KEY (compound_id, handover_id),
    CONSTRAINT fk_handover_motion FOREIGN KEY(compound_id, meeting_id, motion_id) REFERENCES motion
        (compound_id, meeting_id, motion_id),
    CONSTRAINT ck_handover_items CHECK (cardinality(items) > 0),
    CONSTRAINT ck_handover_evidence CHECK (cardinality(evidence) > 0)
);
CREATE UNIQUE INDEX uq_handover_motion ON handover (compound_id, motion_id);
CREATE TABLE follow_up (
    compound_id uuid NOT NULL,
    follow_up_id uuid NOT NULL,
    resolution_id uuid NOT NULL,
    done_on date NOT NULL,
    body text NOT NULL,
    evidence text[] NOT NULL,
    written_by uuid NOT NULL,
    written_at timestamptz NOT NULL,
    CONSTRAINT pk_follow_up PRIMARY KEY (compound_id, follow_up_id),
    CONSTRAINT fk_follow_up_resolution FOREIGN KEY(compound_id, resolution_id) REFERENCES resolution
        (compound_id, resolution_id)
);
CREATE INDEX ix_follow_up_resolution ON follow_up (compound_id, resolution_id, done_on);
"""

COUNTED = """
ALTER TABLE resolution
    ALTER COLUMN act_id DROP NOT NULL,
    ADD COLUMN meeting_id uuid,
    ADD COLUMN motion_id uuid,
    ADD COLUMN count_digest text,
    ADD COLUMN is_rehearsal boolean NOT NULL DEFAULT false,
    ADD COLUMN revokes_resolution_id uuid,
    ADD COLUMN needs_legal_review boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT fk_resolution_meeting FOREIGN KEY (compound_id, meeting_id, is_rehearsal)
        REFERENCES meeting (compound_id, meeting_id, is_rehearsal),
    ADD CONSTRAINT fk_resolution_motion FOREIGN KEY (compound_id, meeting_id, motion_id)
        REFERENCES motion (compound_id, meeting_id, motion_id),
    ADD CONSTRAINT fk_resolution_revoked FOREIGN KEY (compound_id, revokes_resolution_id)
        REFERENCES resolution (compound_id, resolution_id),
    ADD CONSTRAINT ck_resolution_rehearsal CHECK (NOT is_rehearsal),
    ADD CONSTRAINT ck_resolution_origin CHECK (
        (act_id IS NULL AND num_nonnulls(meeting_id, motion_id, count_digest) = 3
            AND decided_by = 'assembly')
        OR (act_id IS NOT NULL
            AND num_nonnulls(meeting_id, motion_id, count_digest, revokes_resolution_id) = 0)
    ),
    DROP CONSTRAINT ck_resolution_majority,
    ADD CONSTRAINT ck_resolution_majority CHECK (
        majority = 'unanimous' OR (matter <> 'change_to_business' AND (majority = 'special'
            OR (majority = 'ordinary' AND matter NOT IN
                ('maintenance_fund_raise', 'common_part_business', 'reconstruct'))))
    ),
    DROP CONSTRAINT ck_resolution_passed,
    ADD CONSTRAINT ck_resolution_passed CHECK (
        (decided_by = 'committee' AND 2 * participating_heads > total_heads
            AND 2 * for_heads > total_heads)
        OR (decided_by = 'assembly' AND total_heads > 0
            AND participating_area_dm2 <= total_area_dm2 AND participating_heads <= total_heads
            AND for_area_dm2 <= participating_area_dm2 AND for_heads <= participating_heads
            AND 3 * participating_area_dm2 >= 2 * total_area_dm2
            AND 3 * participating_heads >= 2 * total_heads
            AND 2 * for_area_dm2 > participating_area_dm2 AND 2 * for_heads > participating_heads
            AND (majority = 'ordinary' OR (4 * for_area_dm2 >= 3 * participating_area_dm2
                AND 4 * for_heads >= 3 * participating_heads))
            AND (majority <> 'unanimous' OR (for_area_dm2 = total_area_dm2
                AND for_heads = total_heads)))
    ),
    DROP CONSTRAINT ck_resolution_minutes,
    ADD CONSTRAINT ck_resolution_minutes CHECK (cardinality(minutes) > 0 OR meeting_id IS NOT NULL);
CREATE INDEX ix_resolution_meeting ON resolution (compound_id, meeting_id);
ALTER TABLE resolution_outcome
    ALTER COLUMN act_id DROP NOT NULL,
    ADD COLUMN by_resolution_id uuid,
    ADD CONSTRAINT fk_resolution_outcome_by FOREIGN KEY (compound_id, by_resolution_id)
        REFERENCES resolution (compound_id, resolution_id),
    ADD CONSTRAINT ck_resolution_outcome_by CHECK (
        num_nonnulls(act_id, by_resolution_id) = 1
        AND (by_resolution_id IS NULL
            OR (state = 'confirmed' AND by_resolution_id = resolution_id)
            OR (state = 'revoked' AND by_resolution_id <> resolution_id))
    );
"""

# The second witness of what the rules say. Whatever the services believe: a notice stays as it was
# posted, an agenda as it was frozen, steps come one after the other and not before their day, and a
# decision that was counted has its meeting, motion and count behind it.
WITNESSES = """
CREATE FUNCTION meeting_keep_what_was_posted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'meeting % was cancelled', OLD.meeting_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (OLD.agenda_digest IS NOT NULL AND NEW.agenda_digest IS DISTINCT FROM OLD.agenda_digest)
        OR (OLD.notice_on IS NOT NULL
            AND (NEW.vote_id, NEW.record_on, NEW.notice_on, NEW.opens_at)
                IS DISTINCT FROM (OLD.vote_id, OLD.record_on, OLD.notice_on, OLD.opens_at))
        OR (OLD.closes_at IS NOT NULL AND (NEW.closes_at IS NULL OR NEW.closes_at < OLD.closes_at))
    THEN
        RAISE EXCEPTION 'meeting % was posted otherwise', OLD.meeting_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER meeting_keeps_what_was_posted BEFORE UPDATE ON meeting
FOR EACH ROW EXECUTE FUNCTION meeting_keep_what_was_posted();

CREATE FUNCTION motion_stay_frozen() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD.digest IS NOT NULL) OR (TG_OP = 'INSERT' AND EXISTS (
        SELECT FROM meeting_step s
        WHERE s.compound_id = NEW.compound_id AND s.meeting_id = NEW.meeting_id
            AND s.step = 'screening'
    )) THEN
        RAISE EXCEPTION 'the agenda of meeting % is frozen', NEW.meeting_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER motion_is_frozen BEFORE INSERT OR UPDATE ON motion
FOR EACH ROW EXECUTE FUNCTION motion_stay_frozen();

CREATE FUNCTION meeting_step_check() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_meeting meeting;
    v_needed text := CASE NEW.step
        WHEN 'screening' THEN 'proposal' WHEN 'agenda' THEN 'screening' WHEN 'roll' THEN 'agenda'
        WHEN 'notice' THEN 'roll' WHEN 'debate' THEN 'notice' WHEN 'ballots_out' THEN 'notice'
        WHEN 'ballots_in' THEN 'ballots_out' WHEN 'close' THEN 'ballots_out' WHEN 'count' THEN 'close'
        WHEN 'tally' THEN 'count' WHEN 'posting' THEN 'tally'
        WHEN 'objections' THEN 'posting' WHEN 'filing' THEN 'posting' WHEN 'effect' THEN 'posting'
        WHEN 'revocation_window' THEN 'posting' END;
BEGIN
    SELECT * INTO v_meeting FROM meeting m
    WHERE m.compound_id = NEW.compound_id AND m.meeting_id = NEW.meeting_id;
    IF v_meeting.ended_at IS NOT NULL OR (v_needed IS NOT NULL AND NOT EXISTS (
        SELECT FROM meeting_step s
        WHERE s.compound_id = NEW.compound_id AND s.meeting_id = NEW.meeting_id AND s.step = v_needed
            AND s.done_at <= NEW.done_at
    )) THEN
        RAISE EXCEPTION 'meeting % cannot do % now', NEW.meeting_id, NEW.step
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (NEW.step = 'ballots_out' AND (NEW.done_at < v_meeting.opens_at
            OR (NEW.done_at AT TIME ZONE 'Asia/Shanghai')::date <= v_meeting.notice_on + 7))
        OR (NEW.step = 'close' AND NEW.done_at < v_meeting.closes_at)
    THEN
        RAISE EXCEPTION 'it is too early for % of meeting %', NEW.step, NEW.meeting_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER meeting_step_comes_after BEFORE INSERT ON meeting_step
FOR EACH ROW EXECUTE FUNCTION meeting_step_check();

CREATE FUNCTION resolution_check_counted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM meeting m
        JOIN motion t ON t.compound_id = m.compound_id AND t.meeting_id = m.meeting_id
        WHERE m.compound_id = NEW.compound_id AND m.meeting_id = NEW.meeting_id
            AND m.ended_at IS NULL AND NOT m.is_rehearsal AND m.record_on = NEW.record_on
            AND t.motion_id = NEW.motion_id AND t.withdrawn_at IS NULL AND t.digest IS NOT NULL
            AND t.matter = NEW.matter AND t.majority = NEW.majority
    ) OR (
        SELECT count(DISTINCT s.step) FROM meeting_step s
        WHERE s.compound_id = NEW.compound_id AND s.meeting_id = NEW.meeting_id
            AND s.step IN ('notice', 'ballots_out', 'close', 'count', 'tally', 'posting', 'effect')
    ) <> 7 OR NOT EXISTS (
        SELECT FROM meeting m
        JOIN vote v ON v.compound_id = m.compound_id AND v.vote_id = m.vote_id
        JOIN vote_count c ON c.compound_id = v.compound_id AND c.vote_id = v.vote_id
        WHERE m.compound_id = NEW.compound_id AND m.meeting_id = NEW.meeting_id
            AND v.subject_id = m.meeting_id AND NOT v.is_rehearsal
            AND encode(c.digest, 'hex') = NEW.count_digest
            AND (
                -- Ten owners, or half of all heads where a committee may hold the rest, and a member.
                SELECT count(*) FILTER (WHERE w.role = 'owner') >= least(10, v.heads / 2)
                    AND count(*) FILTER (WHERE w.role = 'committee') > 0
                FROM count_witness w
                WHERE w.compound_id = v.compound_id AND w.vote_id = v.vote_id
            )
    ) THEN
        RAISE EXCEPTION 'no counted meeting stands behind resolution %', NEW.resolution_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER resolution_was_counted AFTER INSERT ON resolution
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.meeting_id IS NOT NULL)
EXECUTE FUNCTION resolution_check_counted();
"""

# As before, and what a transfer rests on is in force on its very day and takes nothing back. A counted
# decision is confirmed by its own row among the outcomes, so it is as good as a recorded one.
MONEY = """
CREATE OR REPLACE FUNCTION ledger_check_witnesses() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.act_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM act a
        WHERE a.compound_id = NEW.compound_id AND a.act_id = NEW.act_id AND a.state = 'signed'
            AND a.kind = ANY (CASE NEW.kind
                WHEN 'opening' THEN ARRAY['opening-balances']
                ELSE ARRAY['payment-order', 'alarm-clearance'] END)
            AND a.subject_id IN (NEW.entry_id, NEW.reverses_entry_id)
            AND (
                SELECT count(DISTINCT s.person_id) > 1 AND count(DISTINCT s.party) > 1
                FROM act_signature s
                WHERE s.compound_id = a.compound_id AND s.act_id = a.act_id AND s.version = a.version
            )
            AND (NEW.kind <> 'payment' OR (
                SELECT sum(l.credit_fen - l.debit_fen)
                FROM entry_line l
                WHERE l.compound_id = NEW.compound_id AND l.number = NEW.number
                    AND left(l.account, 4) IN ('1001', '1002')
            ) = (
                SELECT (convert_from(v.payload, 'UTF8')::jsonb #>> '{body,amount_fen}')::bigint
                FROM act_version v
                WHERE v.compound_id = a.compound_id AND v.act_id = a.act_id AND v.version = a.version
            ))
    ) THEN
        RAISE EXCEPTION 'entry % is not what both parties signed', NEW.entry_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.kind = 'transfer' AND ((
        SELECT array_agg(o.state)
        FROM resolution_outcome o
        WHERE o.compound_id = NEW.compound_id AND o.resolution_id = NEW.resolution_id
    ) IS DISTINCT FROM ARRAY['confirmed'] OR NOT EXISTS (
        SELECT FROM resolution r
        WHERE r.compound_id = NEW.compound_id AND r.resolution_id = NEW.resolution_id
            AND r.revokes_resolution_id IS NULL
            AND (NEW.recorded_at AT TIME ZONE 'Asia/Shanghai')::date
                BETWEEN r.valid_from AND coalesce(r.valid_until, 'infinity')
    )) THEN
        RAISE EXCEPTION 'entry % has no resolution in force', NEW.entry_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
"""
