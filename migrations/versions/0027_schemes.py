"""Signing keys that live in a browser: a passkey, or a key of the browser itself."""

from alembic import op

revision = "0027_schemes"
down_revision = "0026_faster_posting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE signing_key DROP CONSTRAINT ck_signing_key_scheme")
    op.execute("""
        ALTER TABLE signing_key ADD CONSTRAINT ck_signing_key_scheme
        CHECK (scheme IN ('ed25519', 'p256', 'webauthn'))
    """)
    op.execute("ALTER TABLE signing_key ADD COLUMN credential_id bytea")
    op.execute("""
        ALTER TABLE signing_key ADD CONSTRAINT ck_signing_key_credential
        CHECK ((scheme = 'webauthn') = (credential_id IS NOT NULL))
    """)
