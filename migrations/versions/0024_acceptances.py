"""An acceptance can be taken back, and the invoice accepted anew: its lines bear the acceptance's version.

Until now every invoice was accepted once, as its second version.
"""

from alembic import op

revision = "0024_acceptances"
down_revision = "0023_password_changes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE invoice_line ADD COLUMN version integer NOT NULL DEFAULT 2")
    op.execute("ALTER TABLE invoice_line ALTER COLUMN version DROP DEFAULT")
    op.execute("ALTER TABLE invoice_line DROP CONSTRAINT pk_invoice_line")
    op.execute(
        "ALTER TABLE invoice_line ADD CONSTRAINT pk_invoice_line "
        "PRIMARY KEY (compound_id, invoice_id, version, line)"
    )
