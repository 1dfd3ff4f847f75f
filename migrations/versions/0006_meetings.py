"""Tables of the house meetings."""

from alembic import op

from migrations.tools import tenant

revision = "0006_meetings"
down_revision = "0005_acts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Areas of 10^12 dm² times four stay far below the end of a bigint.
    op.execute("""
        CREATE TABLE resolution (
            compound_id uuid NOT NULL,
            resolution_id uuid NOT NULL,
            act_id uuid NOT NULL,
            year integer NOT NULL,
            serial integer NOT NULL,
            matter text NOT NULL,
            majority text NOT NULL,
            legal_basis text NOT NULL,
            decided_by text NOT NULL,
            building text NOT NULL,
            stair text NOT NULL,
            subject_id uuid,
            title text NOT NULL,
            decision text NOT NULL,
            record_on date NOT NULL,
            held_on date NOT NULL,
            valid_from date NOT NULL,
            valid_until date,
            total_area_dm2 bigint NOT NULL,
            total_heads integer NOT NULL,
            participating_area_dm2 bigint NOT NULL,
            participating_heads integer NOT NULL,
            for_area_dm2 bigint NOT NULL,
            for_heads integer NOT NULL,
            minutes text[] NOT NULL,
            recorded_at timestamptz NOT NULL,
            CONSTRAINT pk_resolution PRIMARY KEY (compound_id, resolution_id),
            CONSTRAINT fk_resolution_compound FOREIGN KEY (compound_id) REFERENCES compound (compound_id),
            CONSTRAINT ck_resolution_majority CHECK (
                majority = 'special' OR (majority = 'ordinary' AND matter NOT IN
                    ('maintenance_fund_raise', 'common_part_business', 'reconstruct'))
            ),
            CONSTRAINT ck_resolution_passed CHECK (
                (decided_by = 'committee' AND 2 * participating_heads > total_heads
                    AND 2 * for_heads > total_heads)
                OR (decided_by = 'assembly' AND total_heads > 0
                    AND 3 * participating_area_dm2 >= 2 * total_area_dm2
                    AND 3 * participating_heads >= 2 * total_heads
                    AND 2 * for_area_dm2 > participating_area_dm2 AND 2 * for_heads > participating_heads
                    AND (majority = 'ordinary' OR (4 * for_area_dm2 >= 3 * participating_area_dm2
                        AND 4 * for_heads >= 3 * participating_heads)))
            ),
            CONSTRAINT ck_resolution_minutes CHECK (cardinality(minutes) > 0)
        )
    """)
    op.execute("CREATE UNIQUE INDEX uq_resolution_number ON resolution (compound_id, year, serial)")
    tenant("resolution", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE resolution_outcome (
            compound_id uuid NOT NULL,
            resolution_id uuid NOT NULL,
            state text NOT NULL,
            act_id uuid NOT NULL,
            at timestamptz NOT NULL,
            CONSTRAINT pk_resolution_outcome PRIMARY KEY (compound_id, resolution_id, state),
            CONSTRAINT fk_resolution_outcome_resolution FOREIGN KEY (compound_id, resolution_id)
                REFERENCES resolution (compound_id, resolution_id),
            CONSTRAINT ck_resolution_outcome_state CHECK (state IN ('confirmed', 'rejected', 'revoked'))
        )
    """)
    tenant("resolution_outcome", "SELECT, INSERT", append_only=True)
