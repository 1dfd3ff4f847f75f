"""Who owns which home, and what decided a text, a mandate and a key."""

from alembic import op

from migrations.tools import SERVING

revision = "0020_ownership"
down_revision = "0019_submit_once"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _owners_of_residents()
    _uses_of_homes()
    _decisions_of_the_assembly()


def _owners_of_residents() -> None:
    """A resident who owns says which owner they are; a home with a single owner says it by itself."""
    op.execute("ALTER TABLE resident ADD COLUMN owner_id uuid")
    op.execute("""
        ALTER TABLE resident
            ADD CONSTRAINT fk_resident_owner FOREIGN KEY (compound_id, owner_id)
                REFERENCES owner (compound_id, owner_id),
            ADD CONSTRAINT ck_resident_owner CHECK (kind = 'owner' OR owner_id IS NULL)
    """)
    op.execute("""
        UPDATE resident
        SET owner_id = single.owner_id
        FROM (
            SELECT compound_id, home_id, min(owner_id::text)::uuid AS owner_id
            FROM home_owner
            WHERE until_on IS NULL
            GROUP BY compound_id, home_id
            HAVING count(*) = 1
        ) AS single
        WHERE resident.kind = 'owner'
          AND single.compound_id = resident.compound_id
          AND single.home_id = resident.home_id
    """)
    # A link that a transfer of an earlier day ends has never held.
    op.execute("ALTER TABLE resident DROP CONSTRAINT ck_resident_term")
    op.execute("ALTER TABLE resident ADD CONSTRAINT ck_resident_term CHECK (until_on >= since_on)")
    op.execute("CREATE INDEX ix_resident_home ON resident (compound_id, home_id)")


def _uses_of_homes() -> None:
    op.execute("ALTER TABLE home ADD COLUMN use text NOT NULL DEFAULT 'dwelling'")
    op.execute(
        "ALTER TABLE home ADD CONSTRAINT ck_home_use CHECK (use IN ('dwelling', 'shop', 'parking'))"
    )


def _decisions_of_the_assembly() -> None:
    """What a counted resolution decides needs no act; one of the two stands behind everything."""
    op.execute("ALTER TABLE mandate ALTER COLUMN act_id DROP NOT NULL")
    op.execute("ALTER TABLE mandate ADD COLUMN ended_by_resolution_id uuid")
    op.execute("""
        ALTER TABLE mandate
            ADD CONSTRAINT ck_mandate_decided
                CHECK (act_id IS NOT NULL OR resolution_id IS NOT NULL),
            ADD CONSTRAINT ck_mandate_ended
                CHECK (ended_on IS NOT NULL OR ended_by_resolution_id IS NULL)
    """)
    op.execute(f"GRANT UPDATE (ended_by_resolution_id) ON mandate TO {SERVING}")
    op.execute("ALTER TABLE governing_text ALTER COLUMN act_id DROP NOT NULL")
    op.execute("""
        ALTER TABLE governing_text
            ADD CONSTRAINT ck_governing_text_decided
                CHECK (act_id IS NOT NULL OR resolution_id IS NOT NULL)
    """)
    op.execute("ALTER TABLE signing_key ADD COLUMN activated_by_resolution_id uuid")
    op.execute("ALTER TABLE signing_key DROP CONSTRAINT ck_signing_key_activated_by_act")
    op.execute("""
        ALTER TABLE signing_key
            ADD CONSTRAINT ck_signing_key_activated_by CHECK (
                state NOT IN ('active', 'suspended')
                OR num_nonnulls(activated_by_act_id, activated_by_resolution_id) = 1
            )
    """)
    op.execute(f"GRANT UPDATE (activated_by_resolution_id) ON signing_key TO {SERVING}")
    op.execute("""
        ALTER TABLE trust_instrument
            ADD COLUMN version integer NOT NULL DEFAULT 1,
            ADD COLUMN resolution_id uuid,
            ADD CONSTRAINT ck_trust_instrument_resolution
                CHECK (version = 1 OR resolution_id IS NOT NULL)
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_trust_instrument_version ON trust_instrument (compound_id, version)"
    )
