"""Questions and objections, with a day by which they are answered."""

from alembic import op

from migrations.tools import tenant

revision = "0014_inquiries"
down_revision = "0013_banking"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE inquiry (
            compound_id uuid NOT NULL,
            inquiry_id uuid NOT NULL,
            kind text NOT NULL,
            target_kind text NOT NULL,
            target_id uuid NOT NULL,
            place text NOT NULL,
            body text NOT NULL,
            asked_by uuid NOT NULL,
            asked_at timestamptz NOT NULL,
            due_on date NOT NULL,
            answer text NOT NULL DEFAULT '',
            answered_by uuid,
            answered_for text,
            answered_at timestamptz,
            CONSTRAINT pk_inquiry PRIMARY KEY (compound_id, inquiry_id),
            CONSTRAINT ck_inquiry_answer CHECK (
                (answered_at IS NULL) = (answered_by IS NULL)
                AND (answered_at IS NULL) = (answered_for IS NULL)
                AND (answered_at IS NULL) = (answer = '')
            )
        )
    """)
    op.execute("CREATE INDEX ix_inquiry_asked ON inquiry (compound_id, asked_at, inquiry_id)")
    op.execute("CREATE INDEX ix_inquiry_target ON inquiry (compound_id, target_id)")
    tenant(
        "inquiry",
        "SELECT, INSERT, UPDATE (answer, answered_by, answered_for, answered_at)",
    )
