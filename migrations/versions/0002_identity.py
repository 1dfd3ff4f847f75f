"""Tables of the house identity."""

revision = "0002_identity"
down_revision = "0001_ground"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
