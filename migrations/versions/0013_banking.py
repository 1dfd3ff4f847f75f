"""Tables of the house banking."""

revision = "0013_banking"
down_revision = "0012_billing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
