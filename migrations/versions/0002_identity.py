"""People, sessions and operator keys of the service; API keys and signing keys of a compound."""

from alembic import op

from migrations.tools import SERVING, shared, tenant

revision = "0002_identity"
down_revision = "0001_ground"
branch_labels = None
depends_on = None


def upgrade() -> None:
    people()
    sign_ins()
    api_keys()
    signing_keys()


def people() -> None:
    op.execute("""
        CREATE TABLE person (
            person_id uuid NOT NULL,
            display_name text NOT NULL,
            login text NOT NULL,
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_person PRIMARY KEY (person_id),
            CONSTRAINT uq_person_login UNIQUE (login)
        )
    """)
    shared("person", "SELECT, INSERT, UPDATE (display_name)")
    op.execute("""
        CREATE TABLE password (
            person_id uuid NOT NULL,
            password_hash text NOT NULL,
            totp_secret bytea NOT NULL,
            totp_last_step bigint,
            CONSTRAINT pk_password PRIMARY KEY (person_id),
            CONSTRAINT fk_password_person FOREIGN KEY (person_id) REFERENCES person (person_id)
        )
    """)
    shared("password", "SELECT, INSERT, UPDATE (totp_last_step)")


def sign_ins() -> None:
    op.execute("""
        CREATE TABLE sign_in_failure (
            login_hash bytea NOT NULL,
            attempts integer NOT NULL,
            locked_until timestamptz,
            failed_at timestamptz NOT NULL,
            CONSTRAINT pk_sign_in_failure PRIMARY KEY (login_hash)
        )
    """)
    shared("sign_in_failure", "SELECT, INSERT, UPDATE, DELETE")
    op.execute("""
        CREATE TABLE session (
            session_id uuid NOT NULL,
            token_hash bytea NOT NULL,
            person_id uuid NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            ended_at timestamptz,
            CONSTRAINT pk_session PRIMARY KEY (session_id),
            CONSTRAINT uq_session_token_hash UNIQUE (token_hash),
            CONSTRAINT fk_session_person FOREIGN KEY (person_id) REFERENCES person (person_id)
        )
    """)
    shared("session", "SELECT, INSERT, UPDATE (ended_at)")
    op.execute("""
        CREATE TABLE operator_key (
            key_id uuid NOT NULL,
            prefix text NOT NULL,
            secret_hash bytea NOT NULL,
            label text NOT NULL,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            revoked_at timestamptz,
            CONSTRAINT pk_operator_key PRIMARY KEY (key_id),
            CONSTRAINT uq_operator_key_secret_hash UNIQUE (secret_hash)
        )
    """)
    shared("operator_key", "SELECT")


def api_keys() -> None:
    op.execute("""
        CREATE TABLE api_key (
            compound_id uuid NOT NULL,
            key_id uuid NOT NULL,
            prefix text NOT NULL,
            secret_hash bytea NOT NULL,
            label text NOT NULL,
            scopes text[] NOT NULL,
            vendor_id uuid,
            created_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            revoked_at timestamptz,
            replaces_key_id uuid,
            CONSTRAINT pk_api_key PRIMARY KEY (compound_id, key_id),
            CONSTRAINT uq_api_key_secret_hash UNIQUE (compound_id, secret_hash),
            CONSTRAINT fk_api_key_replaces FOREIGN KEY (compound_id, replaces_key_id)
                REFERENCES api_key (compound_id, key_id)
        )
    """)
    tenant("api_key", "SELECT, INSERT, UPDATE (expires_at, revoked_at)")
    # A key says which compound it is for before anybody knows whether it is genuine, so it is found
    # outside the tenancy of the transaction, by its full hash and in no other way.
    op.execute("""
        CREATE FUNCTION find_api_key(of_compound_id uuid, presented_hash bytea)
        RETURNS TABLE (key_id uuid, vendor_id uuid, scopes text[], expires_at timestamptz, revoked_at timestamptz)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
        BEGIN ATOMIC
            SELECT k.key_id, k.vendor_id, k.scopes, k.expires_at, k.revoked_at
            FROM public.api_key AS k
            WHERE k.compound_id = of_compound_id AND k.secret_hash = presented_hash;
        END
    """)
    op.execute("REVOKE EXECUTE ON FUNCTION find_api_key(uuid, bytea) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION find_api_key(uuid, bytea) TO {SERVING}")


def signing_keys() -> None:
    op.execute("""
        CREATE TABLE signing_key (
            compound_id uuid NOT NULL,
            key_id bytea NOT NULL,
            person_id uuid NOT NULL,
            scheme text NOT NULL,
            public_key bytea NOT NULL,
            possession_proof bytea NOT NULL,
            state text NOT NULL,
            proved_at timestamptz NOT NULL,
            activated_by_act_id uuid,
            activated_at timestamptz,
            expires_at timestamptz,
            revoked_by_act_id uuid,
            revoked_at timestamptz,
            CONSTRAINT pk_signing_key PRIMARY KEY (compound_id, key_id),
            CONSTRAINT ck_signing_key_id CHECK (key_id = sha256(public_key)),
            CONSTRAINT ck_signing_key_scheme CHECK (scheme = 'ed25519'),
            CONSTRAINT ck_signing_key_state
                CHECK (state IN ('proved', 'active', 'suspended', 'revoked')),
            CONSTRAINT ck_signing_key_activated_by_act
                CHECK (state NOT IN ('active', 'suspended') OR activated_by_act_id IS NOT NULL),
            CONSTRAINT ck_signing_key_revoked_by_act
                CHECK (state <> 'revoked' OR revoked_by_act_id IS NOT NULL)
        )
    """)
    op.execute("CREATE INDEX ix_signing_key_person ON signing_key (compound_id, person_id)")
    tenant(
        "signing_key",
        "SELECT, INSERT, UPDATE (state, activated_by_act_id, activated_at, expires_at, "
        "revoked_by_act_id, revoked_at)",
    )
