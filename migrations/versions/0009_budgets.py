"""Tables of the house budgets."""

revision = "0009_budgets"
down_revision = "0008_funds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
