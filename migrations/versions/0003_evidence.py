"""Files by digest, and who uploaded them."""

from alembic import op

from migrations.tools import tenant

revision = "0003_evidence"
down_revision = "0002_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE file (
            compound_id uuid NOT NULL,
            sha256 bytea NOT NULL,
            size bigint NOT NULL,
            media_type text NOT NULL,
            CONSTRAINT pk_file PRIMARY KEY (compound_id, sha256),
            CONSTRAINT ck_file_sha256 CHECK (octet_length(sha256) = 32),
            CONSTRAINT ck_file_size CHECK (size > 0)
        )
    """)
    op.execute("""
        CREATE TABLE file_upload (
            compound_id uuid NOT NULL,
            sha256 bytea NOT NULL,
            uploaded_by uuid NOT NULL,
            name text NOT NULL,
            uploaded_at timestamptz NOT NULL,
            CONSTRAINT pk_file_upload PRIMARY KEY (compound_id, sha256, uploaded_by),
            CONSTRAINT fk_file_upload_file FOREIGN KEY (compound_id, sha256)
                REFERENCES file (compound_id, sha256)
        )
    """)
    tenant("file", "SELECT, INSERT", append_only=True)
    tenant("file_upload", "SELECT, INSERT", append_only=True)
