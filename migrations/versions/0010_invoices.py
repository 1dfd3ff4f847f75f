"""Tables of the house invoices."""

revision = "0010_invoices"
down_revision = "0009_budgets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
