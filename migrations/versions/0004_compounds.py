"""Tables of the house compounds."""

from alembic import op

from migrations.tools import tenant

revision = "0004_compounds"
down_revision = "0003_evidence"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _compound()
    _homes()
    _mandates()
    _texts()


def _compound() -> None:
    op.execute("""
        CREATE TABLE compound (
            compound_id uuid NOT NULL,
            name text NOT NULL,
            credit_code text NOT NULL,
            address text NOT NULL,
            state text NOT NULL,
            rule_profile text NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_compound PRIMARY KEY (compound_id),
            CONSTRAINT ck_compound_state CHECK (state IN ('founding', 'open'))
        )
    """)
    tenant("compound", "SELECT, INSERT, UPDATE (state)")
    op.execute("""
        CREATE TABLE compound_secret (
            compound_id uuid NOT NULL,
            identity_salt bytea NOT NULL,
            CONSTRAINT pk_compound_secret PRIMARY KEY (compound_id),
            CONSTRAINT fk_compound_secret_compound FOREIGN KEY (compound_id) REFERENCES compound (compound_id),
            CONSTRAINT ck_compound_secret_identity_salt CHECK (length(identity_salt) = 32)
        )
    """)
    tenant("compound_secret", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE invitation (
            compound_id uuid NOT NULL,
            person_id uuid NOT NULL,
            invited_at timestamptz NOT NULL,
            CONSTRAINT pk_invitation PRIMARY KEY (compound_id, person_id),
            CONSTRAINT fk_invitation_compound FOREIGN KEY (compound_id) REFERENCES compound (compound_id)
        )
    """)
    tenant("invitation", "SELECT, INSERT, DELETE")


def _homes() -> None:
    op.execute("""
        CREATE TABLE building (
            compound_id uuid NOT NULL,
            building text NOT NULL,
            CONSTRAINT pk_building PRIMARY KEY (compound_id, building),
            CONSTRAINT fk_building_compound FOREIGN KEY (compound_id) REFERENCES compound (compound_id)
        )
    """)
    tenant("building", "SELECT, INSERT")
    op.execute("""
        CREATE TABLE home (
            compound_id uuid NOT NULL,
            home_id uuid NOT NULL,
            building text NOT NULL,
            stair text NOT NULL,
            number text NOT NULL,
            area_dm2 bigint NOT NULL,
            area_source text NOT NULL,
            delivered_on date,
            CONSTRAINT pk_home PRIMARY KEY (compound_id, home_id),
            CONSTRAINT fk_home_building FOREIGN KEY (compound_id, building)
                REFERENCES building (compound_id, building),
            CONSTRAINT ck_home_area_dm2 CHECK (area_dm2 > 0),
            CONSTRAINT ck_home_area_source CHECK (area_source IN ('registered', 'surveyed', 'contract'))
        )
    """)
    op.execute("CREATE UNIQUE INDEX uq_home_place ON home (compound_id, building, stair, number)")
    tenant("home", "SELECT, INSERT, UPDATE (delivered_on)")
    op.execute("""
        CREATE TABLE owner (
            compound_id uuid NOT NULL,
            owner_id uuid NOT NULL,
            kind text NOT NULL,
            name text NOT NULL,
            identity_commitment bytea NOT NULL,
            CONSTRAINT pk_owner PRIMARY KEY (compound_id, owner_id),
            CONSTRAINT fk_owner_compound FOREIGN KEY (compound_id) REFERENCES compound (compound_id),
            CONSTRAINT ck_owner_kind CHECK (kind IN ('person', 'organisation', 'developer')),
            CONSTRAINT ck_owner_identity_commitment CHECK (length(identity_commitment) = 32)
        )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_owner_identity_commitment ON owner (compound_id, identity_commitment)"
    )
    tenant("owner", "SELECT, INSERT")
    op.execute("""
        CREATE TABLE home_owner (
            compound_id uuid NOT NULL,
            home_id uuid NOT NULL,
            owner_id uuid NOT NULL,
            since_on date NOT NULL,
            until_on date,
            CONSTRAINT pk_home_owner PRIMARY KEY (compound_id, home_id, owner_id, since_on),
            CONSTRAINT fk_home_owner_home FOREIGN KEY (compound_id, home_id)
                REFERENCES home (compound_id, home_id),
            CONSTRAINT fk_home_owner_owner FOREIGN KEY (compound_id, owner_id)
                REFERENCES owner (compound_id, owner_id),
            CONSTRAINT ck_home_owner_term CHECK (until_on > since_on)
        )
    """)
    tenant("home_owner", "SELECT, INSERT, UPDATE (until_on)")
    op.execute("""
        CREATE TABLE resident (
            compound_id uuid NOT NULL,
            person_id uuid NOT NULL,
            home_id uuid NOT NULL,
            kind text NOT NULL,
            since_on date NOT NULL,
            until_on date,
            CONSTRAINT pk_resident PRIMARY KEY (compound_id, person_id, home_id, since_on),
            CONSTRAINT fk_resident_home FOREIGN KEY (compound_id, home_id)
                REFERENCES home (compound_id, home_id),
            CONSTRAINT ck_resident_kind CHECK (kind IN ('owner', 'occupant')),
            CONSTRAINT ck_resident_term CHECK (until_on > since_on)
        )
    """)
    tenant("resident", "SELECT, INSERT, UPDATE (until_on)")


def _mandates() -> None:
    op.execute("""
        CREATE TABLE mandate (
            compound_id uuid NOT NULL,
            mandate_id uuid NOT NULL,
            person_id uuid NOT NULL,
            office text NOT NULL,
            party text NOT NULL,
            valid_from date NOT NULL,
            valid_until date NOT NULL,
            ended_on date,
            act_id uuid NOT NULL,
            resolution_id uuid,
            CONSTRAINT pk_mandate PRIMARY KEY (compound_id, mandate_id),
            CONSTRAINT fk_mandate_compound FOREIGN KEY (compound_id) REFERENCES compound (compound_id),
            CONSTRAINT ck_mandate_term CHECK (valid_from <= valid_until),
            CONSTRAINT ck_mandate_office CHECK (
                (office IN ('trustee_manager', 'trustee_bookkeeper') AND party = 'trustee')
                OR (office IN ('committee_director', 'committee_member') AND party = 'owners')
                OR (office IN ('supervisor', 'auditor') AND party = 'supervisor')
            )
        )
    """)
    op.execute("CREATE INDEX ix_mandate_person ON mandate (compound_id, person_id)")
    tenant("mandate", "SELECT, INSERT, UPDATE (ended_on)")
    # The lock on the compound's row makes two appointments at one instant wait for each other;
    # what the first one did is visible to the second one's query, which has a newer snapshot.
    op.execute("""
        CREATE FUNCTION refuse_second_side() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM FROM compound WHERE compound_id = NEW.compound_id FOR NO KEY UPDATE;
            IF EXISTS (
                SELECT FROM mandate AS other
                WHERE other.compound_id = NEW.compound_id
                  AND other.person_id = NEW.person_id
                  AND other.party <> NEW.party
                  AND daterange(other.valid_from, greatest(other.valid_from,
                          least(other.valid_until + 1, other.ended_on)))
                   && daterange(NEW.valid_from, greatest(NEW.valid_from,
                          least(NEW.valid_until + 1, NEW.ended_on)))
            ) THEN
                RAISE EXCEPTION 'one person cannot hold mandates of two sides'
                    USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'mandate_one_side';
            END IF;
            RETURN NEW;
        END $$
    """)
    op.execute(
        "CREATE TRIGGER mandate_one_side BEFORE INSERT OR UPDATE ON mandate "
        "FOR EACH ROW EXECUTE FUNCTION refuse_second_side()"
    )


def _texts() -> None:
    op.execute("""
        CREATE TABLE trust_instrument (
            compound_id uuid NOT NULL,
            instrument_id uuid NOT NULL,
            purpose text NOT NULL,
            settlor text NOT NULL,
            settlor_address text NOT NULL,
            trustee jsonb NOT NULL,
            beneficiaries text NOT NULL,
            property text NOT NULL,
            benefit text NOT NULL,
            remuneration jsonb NOT NULL,
            effective_from date NOT NULL,
            ends_on date,
            act_id uuid NOT NULL,
            CONSTRAINT pk_trust_instrument PRIMARY KEY (compound_id, instrument_id),
            CONSTRAINT fk_trust_instrument_compound FOREIGN KEY (compound_id)
                REFERENCES compound (compound_id)
        )
    """)
    tenant("trust_instrument", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE governing_text (
            compound_id uuid NOT NULL,
            text_id uuid NOT NULL,
            kind text NOT NULL,
            version integer NOT NULL,
            title text NOT NULL,
            effective_from date NOT NULL,
            document_sha256 text,
            act_id uuid NOT NULL,
            resolution_id uuid,
            CONSTRAINT pk_governing_text PRIMARY KEY (compound_id, text_id),
            CONSTRAINT fk_governing_text_compound FOREIGN KEY (compound_id)
                REFERENCES compound (compound_id),
            CONSTRAINT ck_governing_text_kind CHECK (
                kind IN ('rules_of_procedure', 'covenant', 'trust_contract', 'other')
            )
        )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_governing_text_version ON governing_text (compound_id, kind, version)"
    )
    tenant("governing_text", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE clause (
            compound_id uuid NOT NULL,
            text_id uuid NOT NULL,
            code text NOT NULL,
            position integer NOT NULL,
            body text NOT NULL,
            limit_name text,
            limit_value bigint,
            CONSTRAINT pk_clause PRIMARY KEY (compound_id, text_id, code),
            CONSTRAINT fk_clause_governing_text FOREIGN KEY (compound_id, text_id)
                REFERENCES governing_text (compound_id, text_id),
            CONSTRAINT ck_clause_limit CHECK ((limit_name IS NULL) = (limit_value IS NULL))
        )
    """)
    tenant("clause", "SELECT, INSERT", append_only=True)
