"""Tables of the house inquiries."""

revision = "0014_inquiries"
down_revision = "0013_banking"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
