"""Roles, the compound of the session, append-only triggers, idempotency and jobs."""

from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings

from migrations.tools import script, tenant

revision = "0001_ground"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'trustprop_serving') THEN
                CREATE ROLE trustprop_serving LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END $$
    """)
    op.execute("GRANT USAGE ON SCHEMA public TO trustprop_serving")
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    op.execute("""
        CREATE FUNCTION current_compound_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
        RETURN CAST(nullif(current_setting('app.compound_id', true), '') AS uuid)
    """)
    op.execute("""
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'restrict_violation';
        END $$
    """)
    op.execute("""
        CREATE TABLE idempotency_key (
            compound_id uuid NOT NULL,
            credential_id uuid NOT NULL,
            route text NOT NULL,
            key text NOT NULL,
            content_sha256 bytea NOT NULL,
            status integer NOT NULL DEFAULT 0,
            body bytea NOT NULL DEFAULT '',
            created_at timestamptz NOT NULL,
            CONSTRAINT pk_idempotency_key PRIMARY KEY (compound_id, credential_id, route, key)
        )
    """)
    tenant("idempotency_key", "SELECT, INSERT, UPDATE (status, body), DELETE")
    op.execute("CREATE INDEX ix_idempotency_key_created_at ON idempotency_key (created_at)")
    # The queue's own tables, as pgqueuer makes them; no compound's data rests there.
    script(QueryBuilderEnvironment(DBSettings()).build_install_query(create_schema=False))
    op.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE "
        "ON pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics TO trustprop_serving"
    )
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO trustprop_serving")
