"""Acts, their versions and signatures; the database counts the signatures once more."""

from alembic import op

from migrations.tools import tenant

revision = "0005_acts"
down_revision = "0004_compounds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    acts()
    versions()
    signatures()
    witness()


def acts() -> None:
    op.execute("""
        CREATE TABLE act (
            compound_id uuid NOT NULL,
            act_id uuid NOT NULL,
            kind text NOT NULL,
            subject_id uuid NOT NULL,
            state text NOT NULL,
            version integer NOT NULL,
            drafted_by uuid,
            drafted_party text,
            drafted_at timestamptz NOT NULL,
            ended_at timestamptz,
            reason text NOT NULL,
            CONSTRAINT pk_act PRIMARY KEY (compound_id, act_id),
            CONSTRAINT ck_act_state
                CHECK (state IN ('open', 'signed', 'rejected', 'withdrawn', 'expired')),
            CONSTRAINT ck_act_ended CHECK ((state = 'open') = (ended_at IS NULL))
        )
    """)
    op.execute("CREATE INDEX ix_act_open ON act (compound_id, act_id) WHERE state = 'open'")
    op.execute("CREATE INDEX ix_act_subject ON act (compound_id, subject_id)")
    tenant("act", "SELECT, INSERT, UPDATE (state, version, ended_at, reason)")


def versions() -> None:
    op.execute("""
        CREATE TABLE act_version (
            compound_id uuid NOT NULL,
            act_id uuid NOT NULL,
            version integer NOT NULL,
            payload bytea NOT NULL,
            digest bytea NOT NULL,
            required jsonb NOT NULL,
            expires_at timestamptz NOT NULL,
            revised_by uuid,
            CONSTRAINT pk_act_version PRIMARY KEY (compound_id, act_id, version),
            CONSTRAINT fk_act_version_act FOREIGN KEY (compound_id, act_id)
                REFERENCES act (compound_id, act_id),
            CONSTRAINT ck_act_version_digest CHECK (digest = sha256(payload))
        )
    """)
    tenant("act_version", "SELECT, INSERT", append_only=True)


def signatures() -> None:
    op.execute("""
        CREATE TABLE act_signature (
            compound_id uuid NOT NULL,
            act_id uuid NOT NULL,
            version integer NOT NULL,
            person_id uuid NOT NULL,
            key_id bytea NOT NULL,
            party text NOT NULL,
            office text NOT NULL,
            mandate_id uuid NOT NULL,
            signature bytea NOT NULL,
            signed_at timestamptz NOT NULL,
            CONSTRAINT pk_act_signature PRIMARY KEY (compound_id, act_id, version, person_id),
            CONSTRAINT fk_act_signature_version FOREIGN KEY (compound_id, act_id, version)
                REFERENCES act_version (compound_id, act_id, version),
            CONSTRAINT fk_act_signature_key FOREIGN KEY (compound_id, key_id)
                REFERENCES signing_key (compound_id, key_id),
            CONSTRAINT ck_act_signature_party CHECK (party IN ('trustee', 'owners'))
        )
    """)
    tenant("act_signature", "SELECT, INSERT", append_only=True)


def witness() -> None:
    """The second place that knows when an act is signed, and that an ended act stays ended."""
    op.execute("""
        CREATE FUNCTION check_act() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.state <> 'open' THEN
                RAISE EXCEPTION 'act % is %', OLD.act_id, OLD.state
                    USING ERRCODE = 'restrict_violation';
            END IF;
            IF NEW.version NOT IN (OLD.version, OLD.version + 1) THEN
                RAISE EXCEPTION 'act % cannot go from version % to %', OLD.act_id, OLD.version, NEW.version
                    USING ERRCODE = 'restrict_violation';
            END IF;
            IF NEW.state = 'signed' AND (NEW.version <> OLD.version OR NOT EXISTS (
                SELECT FROM act_version AS v
                WHERE v.compound_id = NEW.compound_id
                  AND v.act_id = NEW.act_id
                  AND v.version = NEW.version
                  AND jsonb_array_length(v.required) > 1
            ) OR EXISTS (
                SELECT FROM act_version AS v
                CROSS JOIN LATERAL jsonb_array_elements(v.required) AS wanted
                WHERE v.compound_id = NEW.compound_id
                  AND v.act_id = NEW.act_id
                  AND v.version = NEW.version
                  AND CAST(wanted ->> 'count' AS integer) > (
                      SELECT count(*) FROM act_signature AS s
                      WHERE s.compound_id = v.compound_id
                        AND s.act_id = v.act_id
                        AND s.version = v.version
                        AND s.party = wanted ->> 'party'
                  )
            )) THEN
                RAISE EXCEPTION 'act % lacks signatures', NEW.act_id
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER act_witness BEFORE UPDATE ON act
        FOR EACH ROW EXECUTE FUNCTION check_act()
    """)
    op.execute("""
        CREATE TRIGGER act_born_open BEFORE INSERT ON act
        FOR EACH ROW WHEN (NEW.state <> 'open' OR NEW.version <> 1)
        EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER act_stays BEFORE DELETE ON act
        FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER act_no_truncate BEFORE TRUNCATE ON act
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
