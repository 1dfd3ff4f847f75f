"""Tables of the house meetings."""

revision = "0006_meetings"
down_revision = "0005_acts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
