"""Tables of the house compounds."""

revision = "0004_compounds"
down_revision = "0003_evidence"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
