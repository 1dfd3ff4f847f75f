"""Tables of the house billing."""

revision = "0012_billing"
down_revision = "0011_disbursements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
