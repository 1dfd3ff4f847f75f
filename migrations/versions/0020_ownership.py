"""Who owns which home, and what decided a text, a mandate and a key."""

revision = "0020_ownership"
down_revision = "0019_submit_once"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by its house."""
