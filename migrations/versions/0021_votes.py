"""The roll, the ballots, the count and its proof."""

from migrations.tools import script, tenant

revision = "0021_votes"
down_revision = "0020_ownership"
branch_labels = None
depends_on = None

READ_AND_ADD = "SELECT, INSERT"


def upgrade() -> None:
    _vote_and_roll()
    _papers_and_mandates()
    _box()
    _count()
    script(WITNESSES)
    tenant("vote", f"{READ_AND_ADD}, UPDATE (state, opens_at, closes_at, ended_at, ended_reason)")
    for table in APPEND_ONLY:
        tenant(table, READ_AND_ADD, append_only=True)


APPEND_ONLY = (
    "vote_question",
    "roll_voter",
    "roll_home",
    "ballot_paper",
    "ballot_delivery",
    "voter_appointment",
    "proxy",
    "proxy_end",
    "ballot",
    "ballot_event",
    "paper_entry",
    "voter_notice",
    "vote_count",
    "count_witness",
)


def _vote_and_roll() -> None:
    script("""
        CREATE TABLE vote (
            compound_id uuid NOT NULL,
            vote_id uuid NOT NULL,
            subject_id uuid NOT NULL,
            is_rehearsal boolean NOT NULL,
            record_on date NOT NULL,
            policy jsonb NOT NULL,
            roll_digest bytea NOT NULL,
            heads integer NOT NULL,
            area_dm2 bigint NOT NULL,
            state text NOT NULL,
            opens_at timestamptz,
            closes_at timestamptz,
            sealing_key bytea NOT NULL,
            box_size integer NOT NULL,
            box_start bytea NOT NULL,
            box_head bytea NOT NULL,
            prepared_by uuid,
            prepared_at timestamptz NOT NULL,
            ended_at timestamptz,
            ended_reason text NOT NULL DEFAULT '',
            CONSTRAINT pk_vote PRIMARY KEY (compound_id, vote_id),
            CONSTRAINT fk_vote_compound FOREIGN KEY (compound_id) REFERENCES compound (compound_id),
            CONSTRAINT ck_vote_state
                CHECK (state IN ('prepared', 'open', 'closed', 'counted', 'abandoned')),
            CONSTRAINT ck_vote_window CHECK (
                (opens_at IS NULL) = (closes_at IS NULL) AND opens_at < closes_at
                AND (state IN ('prepared', 'abandoned') OR opens_at IS NOT NULL)
            ),
            CONSTRAINT ck_vote_digests CHECK (
                length(roll_digest) = 32 AND length(sealing_key) = 32
                AND length(box_start) = 32 AND length(box_head) = 32
            ),
            CONSTRAINT ck_vote_totals CHECK (heads > 0 AND area_dm2 > 0 AND box_size >= 0)
        );
        CREATE INDEX ix_vote_subject ON vote (compound_id, subject_id);

        CREATE TABLE vote_question (
            compound_id uuid NOT NULL,
            vote_id uuid NOT NULL,
            question_id uuid NOT NULL,
            position integer NOT NULL,
            kind text NOT NULL,
            title text NOT NULL,
            majority text NOT NULL,
            legal_basis text NOT NULL,
            building text NOT NULL,
            stair text NOT NULL,
            is_secret boolean NOT NULL,
            seats integer NOT NULL,
            candidates jsonb NOT NULL,
            CONSTRAINT pk_vote_question PRIMARY KEY (compound_id, vote_id, question_id),
            CONSTRAINT fk_vote_question_vote FOREIGN KEY (compound_id, vote_id)
                REFERENCES vote (compound_id, vote_id),
            CONSTRAINT ck_vote_question_kind CHECK (kind IN ('motion', 'election')),
            CONSTRAINT ck_vote_question_majority
                CHECK (majority IN ('ordinary', 'special', 'unanimous'))
        );
        CREATE UNIQUE INDEX uq_vote_question_position
            ON vote_question (compound_id, vote_id, position);

        CREATE TABLE roll_voter (
            compound_id uuid NOT NULL,
            vote_id uuid NOT NULL,
            voter_id uuid NOT NULL,
            serial integer NOT NULL,
            owner_ids uuid[] NOT NULL,
            is_developer boolean NOT NULL,
            CONSTRAINT pk_roll_voter PRIMARY KEY (compound_id, vote_id, voter_id),
            CONSTRAINT fk_roll_voter_vote FOREIGN KEY (compound_id, vote_id)
                REFERENCES vote (compound_id, vote_id)
        );
        CREATE UNIQUE INDEX uq_roll_voter_serial ON roll_voter (compound_id, vote_id, serial);

        CREATE TABLE roll_home (
            compound_id uuid NOT NULL,
            vote_id uuid NOT NULL,
            home_id uuid NOT NULL,
            voter_id uuid NOT NULL,
            place integer NOT NULL,
            building text NOT NULL,
            stair text NOT NULL,
            number text NOT NULL,
            area_dm2 bigint NOT NULL,
            CONSTRAINT pk_roll_home PRIMARY KEY (compound_id, vote_id, home_id),
            CONSTRAINT fk_roll_home_voter FOREIGN KEY (compound_id, vote_id, voter_id)
                REFERENCES roll_voter (compound_id, vote_id, voter_id),
            CONSTRAINT ck_roll_home_area_dm2 CHECK (area_dm2 > 0)
        );
        CREATE INDEX ix_roll_home_voter ON roll_home (compound_id, vote_id, voter_id);
    """)


def _papers_and_mandates() -> None:
    script("""
        CREATE TABLE ballot_paper (
            compound_id uuid NOT NULL,
            vote_id uuid NOT NULL,
            voter_id uuid NOT NULL,
            serial integer NOT NULL,
            code_hash bytea NOT NULL,
            issued_at timestamptz NOT NULL,
            CONSTRAINT pk_ballot_paper PRIMARY KEY (compound_id, vote_id, voter_id),
            CONSTRAINT fk_ballot_paper_voter FOREIGN KEY (compound_id, vote_id, voter_id)
                REFERENCES roll_voter (compound_id, vote_id, voter_id),
            CONSTRAINT ck_ballot_paper_code_hash CHECK (length(code_hash) = 32)
        );
        CREATE UNIQUE INDEX uq_ballot_paper_code_hash
            ON ballot_paper (compound_id, vote_id, code_hash);

        CREATE TABLE ballot_delivery (
            compound_id uuid NOT NULL,
            delivery_id uuid NOT NULL,
            vote_id uuid NOT NULL,
            voter_id uuid NOT NULL,
            method text NOT NULL,
            delivered_at timestamptz NOT NULL,
            recorded_by uuid NOT NULL,
            recorded_at timestamptz NOT NULL,
            evidence text[] NOT NULL,
            has_warning boolean NOT NULL,
            CONSTRAINT pk_ballot_delivery PRIMARY KEY (compound_id, delivery_id),
            CONSTRAINT fk_ballot_delivery_voter FOREIGN KEY (compound_id, vote_id, voter_id)
                REFERENCES roll_voter (compound_id, vote_id, voter_id),
            CONSTRAINT ck_ballot_delivery_method
                CHECK (method IN ('hand', 'post', 'electronic', 'posting')),
            CONSTRAINT ck_ballot_delivery_evidence CHECK (cardinality(evidence) > 0)
        );
        CREATE INDEX ix_ballot_delivery_voter ON ballot_delivery (compound_id, vote_id, voter_id);

        CREATE TABLE voter_appointment (
            compound_id uuid NOT NULL,
            appointment_id uuid NOT NULL,
            vote_id uuid NOT NULL,
            voter_id uuid NOT NULL,
            number integer NOT NULL,
            owner_id uuid NOT NULL,
            evidence text[] NOT NULL,
            recorded_by uuid NOT NULL,
            at timestamptz NOT NULL,
            CONSTRAINT pk_voter_appointment PRIMARY KEY (compound_id, appointment_id),
            CONSTRAINT fk_voter_appointment_voter FOREIGN KEY (compound_id, vote_id, voter_id)
                REFERENCES roll_voter (compound_id, vote_id, voter_id)
        );
        CREATE UNIQUE INDEX uq_voter_appointment_number
            ON voter_appointment (compound_id, vote_id, voter_id, number);

        CREATE TABLE proxy (
            compound_id uuid NOT NULL,
            proxy_id uuid NOT NULL,
            vote_id uuid NOT NULL,
            voter_id uuid NOT NULL,
            holder_name text NOT NULL,
            holder_commitment bytea NOT NULL,
            holder_person_id uuid,
            evidence text[] NOT NULL,
            recorded_by uuid NOT NULL,
            given_at timestamptz NOT NULL,
            CONSTRAINT pk_proxy PRIMARY KEY (compound_id, proxy_id),
            CONSTRAINT fk_proxy_voter FOREIGN KEY (compound_id, vote_id, voter_id)
                REFERENCES roll_voter (compound_id, vote_id, voter_id)
        );
        CREATE INDEX ix_proxy_vote ON proxy (compound_id, vote_id, holder_commitment);

        CREATE TABLE proxy_end (
            compound_id uuid NOT NULL,
            proxy_id uuid NOT NULL,
            ended_at timestamptz NOT NULL,
            ended_by uuid NOT NULL,
            reason text NOT NULL,
            CONSTRAINT pk_proxy_end PRIMARY KEY (compound_id, proxy_id),
            CONSTRAINT fk_proxy_end_proxy FOREIGN KEY (compound_id, proxy_id)
                REFERENCES proxy (compound_id, proxy_id)
        );
    """)


def _box() -> None:
    script("""
        CREATE TABLE ballot (
            compound_id uuid NOT NULL,
            vote_id uuid NOT NULL,
            sequence integer NOT NULL,
            ballot_id uuid NOT NULL,
            voter_id uuid NOT NULL,
            owner_id uuid,
            channel text NOT NULL,
            proxy_id uuid,
            cast_at timestamptz NOT NULL,
            recorded_by uuid NOT NULL,
            flaw text,
            content bytea NOT NULL,
            is_sealed boolean NOT NULL,
            digest bytea NOT NULL,
            chain bytea NOT NULL,
            paper_round integer,
            evidence text[] NOT NULL,
            CONSTRAINT pk_ballot PRIMARY KEY (compound_id, vote_id, sequence),
            CONSTRAINT fk_ballot_voter FOREIGN KEY (compound_id, vote_id, voter_id)
                REFERENCES roll_voter (compound_id, vote_id, voter_id),
            CONSTRAINT fk_ballot_proxy FOREIGN KEY (compound_id, proxy_id)
                REFERENCES proxy (compound_id, proxy_id),
            CONSTRAINT ck_ballot_channel CHECK (
                channel IN ('online', 'paper', 'proxy')
                AND (channel = 'proxy') = (proxy_id IS NOT NULL)
            ),
            CONSTRAINT ck_ballot_flaw CHECK (
                flaw IN ('unsigned', 'ambiguous', 'damaged', 'not_official')
                AND paper_round IS NOT NULL OR flaw IS NULL
            ),
            CONSTRAINT ck_ballot_digests CHECK (length(digest) = 32 AND length(chain) = 32)
        );
        CREATE UNIQUE INDEX uq_ballot_ballot_id ON ballot (compound_id, ballot_id);
        CREATE INDEX ix_ballot_voter ON ballot (compound_id, vote_id, voter_id);

        CREATE TABLE ballot_event (
            compound_id uuid NOT NULL,
            ballot_id uuid NOT NULL,
            number integer NOT NULL,
            vote_id uuid NOT NULL,
            kind text NOT NULL,
            by uuid NOT NULL,
            at timestamptz NOT NULL,
            reason text NOT NULL,
            evidence text[] NOT NULL,
            CONSTRAINT pk_ballot_event PRIMARY KEY (compound_id, ballot_id, number),
            CONSTRAINT fk_ballot_event_vote FOREIGN KEY (compound_id, vote_id)
                REFERENCES vote (compound_id, vote_id),
            CONSTRAINT ck_ballot_event_kind
                CHECK (kind IN ('objected', 'struck', 'upheld', 'found_invalid'))
        );
        CREATE INDEX ix_ballot_event_vote ON ballot_event (compound_id, vote_id);

        CREATE TABLE paper_entry (
            compound_id uuid NOT NULL,
            entry_id uuid NOT NULL,
            vote_id uuid NOT NULL,
            voter_id uuid NOT NULL,
            round integer NOT NULL,
            entered_by uuid NOT NULL,
            reading bytea NOT NULL,
            scan text NOT NULL,
            at timestamptz NOT NULL,
            CONSTRAINT pk_paper_entry PRIMARY KEY (compound_id, entry_id),
            CONSTRAINT fk_paper_entry_voter FOREIGN KEY (compound_id, vote_id, voter_id)
                REFERENCES roll_voter (compound_id, vote_id, voter_id),
            CONSTRAINT ck_paper_entry_reading CHECK (length(reading) = 32)
        );
        CREATE UNIQUE INDEX uq_paper_entry_reader
            ON paper_entry (compound_id, vote_id, voter_id, round, entered_by);

        CREATE TABLE voter_notice (
            compound_id uuid NOT NULL,
            vote_id uuid NOT NULL,
            voter_id uuid NOT NULL,
            number integer NOT NULL,
            kind text NOT NULL,
            facts jsonb NOT NULL,
            at timestamptz NOT NULL,
            CONSTRAINT pk_voter_notice PRIMARY KEY (compound_id, vote_id, voter_id, number),
            CONSTRAINT fk_voter_notice_voter FOREIGN KEY (compound_id, vote_id, voter_id)
                REFERENCES roll_voter (compound_id, vote_id, voter_id)
        );
    """)


def _count() -> None:
    script("""
        CREATE TABLE vote_count (
            compound_id uuid NOT NULL,
            vote_id uuid NOT NULL,
            document bytea NOT NULL,
            digest bytea NOT NULL,
            root bytea NOT NULL,
            tree_size integer NOT NULL,
            counted_at timestamptz NOT NULL,
            counted_by uuid NOT NULL,
            CONSTRAINT pk_vote_count PRIMARY KEY (compound_id, vote_id),
            CONSTRAINT fk_vote_count_vote FOREIGN KEY (compound_id, vote_id)
                REFERENCES vote (compound_id, vote_id),
            CONSTRAINT ck_vote_count_digest CHECK (digest = sha256(document))
        );

        CREATE TABLE count_witness (
            compound_id uuid NOT NULL,
            vote_id uuid NOT NULL,
            number integer NOT NULL,
            role text NOT NULL,
            person_id uuid NOT NULL,
            voter_id uuid,
            key_id text,
            signature bytea,
            evidence text[] NOT NULL,
            at timestamptz NOT NULL,
            CONSTRAINT pk_count_witness PRIMARY KEY (compound_id, vote_id, number),
            CONSTRAINT fk_count_witness_count FOREIGN KEY (compound_id, vote_id)
                REFERENCES vote_count (compound_id, vote_id),
            CONSTRAINT ck_count_witness_role CHECK (
                role = 'committee' AND voter_id IS NULL AND signature IS NOT NULL AND key_id IS NOT NULL
                OR role = 'owner' AND voter_id IS NOT NULL AND signature IS NULL AND key_id IS NULL
            )
        );
        CREATE UNIQUE INDEX uq_count_witness_member
            ON count_witness (compound_id, vote_id, person_id) WHERE role = 'committee';
        CREATE UNIQUE INDEX uq_count_witness_owner
            ON count_witness (compound_id, vote_id, voter_id) WHERE role = 'owner';
    """)


WITNESSES = r"""
-- A vote goes one way, and what was frozen stays; only the trigger of the box moves its head.
CREATE FUNCTION vote_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'prepared' OR NEW.box_size <> 0 OR NEW.box_head <> NEW.box_start THEN
            RAISE EXCEPTION 'vote % does not begin empty', NEW.vote_id
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.subject_id, OLD.is_rehearsal, OLD.record_on, OLD.policy, OLD.roll_digest, OLD.heads,
        OLD.area_dm2, OLD.sealing_key, OLD.box_start)
        IS DISTINCT FROM
        (NEW.subject_id, NEW.is_rehearsal, NEW.record_on, NEW.policy, NEW.roll_digest, NEW.heads,
        NEW.area_dm2, NEW.sealing_key, NEW.box_start)
    THEN
        RAISE EXCEPTION 'vote % is frozen', OLD.vote_id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('prepared', 'open'), ('open', 'closed'), ('closed', 'counted'),
        ('prepared', 'abandoned'), ('open', 'abandoned'), ('closed', 'abandoned'))
    THEN
        RAISE EXCEPTION 'vote % cannot go from % to %', OLD.vote_id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> 'prepared' AND (OLD.opens_at IS DISTINCT FROM NEW.opens_at
        OR NEW.closes_at < OLD.closes_at
        OR (NEW.closes_at <> OLD.closes_at AND OLD.state <> 'open'))
    THEN
        RAISE EXCEPTION 'the window of vote % only ever ends later', OLD.vote_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.box_size <> OLD.box_size OR NEW.box_head <> OLD.box_head THEN
        IF NEW.box_size <> OLD.box_size + 1 OR OLD.state <> 'open' THEN
            RAISE EXCEPTION 'the box of vote % only takes ballots', OLD.vote_id
                USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    IF NEW.state = 'counted' AND NOT EXISTS (
        SELECT FROM vote_count c WHERE c.compound_id = NEW.compound_id AND c.vote_id = NEW.vote_id)
    THEN
        RAISE EXCEPTION 'vote % has no count', OLD.vote_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER vote_witness BEFORE INSERT OR UPDATE ON vote
FOR EACH ROW EXECUTE FUNCTION vote_check();
CREATE TRIGGER vote_stays BEFORE DELETE ON vote
FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER vote_no_truncate BEFORE TRUNCATE ON vote
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Whatever the services believe: a ballot comes in the window of an open vote, behind the last one, and
-- no owner has two that count.
CREATE FUNCTION ballot_check() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_vote record;
BEGIN
    SELECT v.state, v.opens_at, v.closes_at, v.box_size, v.box_head INTO v_vote
    FROM vote v
    WHERE v.compound_id = NEW.compound_id AND v.vote_id = NEW.vote_id
    FOR UPDATE;
    IF v_vote.state IS DISTINCT FROM 'open'
        OR NEW.cast_at < v_vote.opens_at OR NEW.cast_at >= v_vote.closes_at
    THEN
        RAISE EXCEPTION 'vote % takes no ballot at %', NEW.vote_id, NEW.cast_at
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.sequence <> v_vote.box_size + 1 OR NEW.digest <> sha256(NEW.content)
        OR NEW.chain <> sha256(v_vote.box_head || NEW.digest)
    THEN
        RAISE EXCEPTION 'ballot % does not follow the last one', NEW.ballot_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.flaw IS NULL AND EXISTS (
        SELECT FROM ballot b
        WHERE b.compound_id = NEW.compound_id AND b.vote_id = NEW.vote_id
            AND b.voter_id = NEW.voter_id AND b.flaw IS NULL
            AND (b.owner_id IS NULL OR NEW.owner_id IS NULL OR b.owner_id = NEW.owner_id)
            AND NOT EXISTS (
                SELECT FROM ballot_event e
                WHERE e.compound_id = b.compound_id AND e.ballot_id = b.ballot_id
                    AND e.kind IN ('struck', 'found_invalid')
            )
    ) THEN
        RAISE EXCEPTION 'the first valid ballot of voter % stands', NEW.voter_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    UPDATE vote SET box_size = NEW.sequence, box_head = NEW.chain
    WHERE compound_id = NEW.compound_id AND vote_id = NEW.vote_id;
    RETURN NEW;
END $$;

CREATE TRIGGER ballot_witness BEFORE INSERT ON ballot
FOR EACH ROW EXECUTE FUNCTION ballot_check();

-- What was counted is counted: nothing about a ballot changes after it, and nothing is counted early.
CREATE FUNCTION vote_open_to_events() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_state text;
BEGIN
    SELECT v.state INTO v_state FROM vote v
    WHERE v.compound_id = NEW.compound_id AND v.vote_id = NEW.vote_id
    FOR UPDATE;
    IF v_state IS NULL OR NOT v_state = ANY (TG_ARGV) THEN
        RAISE EXCEPTION 'vote % is %', NEW.vote_id, v_state USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER ballot_event_witness BEFORE INSERT ON ballot_event
FOR EACH ROW EXECUTE FUNCTION vote_open_to_events('open', 'closed');
CREATE TRIGGER paper_entry_witness BEFORE INSERT ON paper_entry
FOR EACH ROW EXECUTE FUNCTION vote_open_to_events('open');
CREATE TRIGGER vote_count_witness BEFORE INSERT ON vote_count
FOR EACH ROW EXECUTE FUNCTION vote_open_to_events('closed');
CREATE TRIGGER roll_voter_witness BEFORE INSERT ON roll_voter
FOR EACH ROW EXECUTE FUNCTION vote_open_to_events('prepared');
CREATE TRIGGER roll_home_witness BEFORE INSERT ON roll_home
FOR EACH ROW EXECUTE FUNCTION vote_open_to_events('prepared');
CREATE TRIGGER vote_question_witness BEFORE INSERT ON vote_question
FOR EACH ROW EXECUTE FUNCTION vote_open_to_events('prepared');
"""
