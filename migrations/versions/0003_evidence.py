"""Tables of the house evidence."""

revision = "0003_evidence"
down_revision = "0002_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
