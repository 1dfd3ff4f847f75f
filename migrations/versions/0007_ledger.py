"""Tables of the house ledger."""

revision = "0007_ledger"
down_revision = "0006_meetings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
