"""The roll, the ballots, the count and its proof."""

revision = "0021_votes"
down_revision = "0020_ownership"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by its house."""
