"""From a proposal to a resolution."""

revision = "0022_meetings_held"
down_revision = "0021_votes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by its house."""
