"""A password can be changed by whoever knows it."""

from migrations.tools import shared

revision = "0023_password_changes"
down_revision = "0022_meetings_held"
branch_labels = None
depends_on = None


def upgrade() -> None:
    shared("password", "UPDATE (password_hash)")
