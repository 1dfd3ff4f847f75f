"""Tables of the house funds."""

revision = "0008_funds"
down_revision = "0007_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
