"""Tables of the house statements."""

revision = "0015_statements"
down_revision = "0014_inquiries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
