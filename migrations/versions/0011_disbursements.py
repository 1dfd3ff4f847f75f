"""Tables of the house disbursements."""

revision = "0011_disbursements"
down_revision = "0010_invoices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
