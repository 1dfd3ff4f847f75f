"""Tables of the house acts."""

revision = "0005_acts"
down_revision = "0004_compounds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
