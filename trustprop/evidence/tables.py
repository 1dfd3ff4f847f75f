"""Files by digest and their uploads; the bytes rest in the object store."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from trustprop.plumbing.schema import compound_column, metadata

file = Table(
    "file",
    metadata,
    compound_column(),
    Column("sha256", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    PrimaryKeyConstraint("compound_id", "sha256", name="pk_file"),
    CheckConstraint("octet_length(sha256) = 32", name="ck_file_sha256"),
    CheckConstraint("size > 0", name="ck_file_size"),
)

file_upload = Table(
    "file_upload",
    metadata,
    compound_column(),
    Column("sha256", LargeBinary, nullable=False),
    Column("uploaded_by", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("uploaded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "sha256", "uploaded_by", name="pk_file_upload"),
    ForeignKeyConstraint(
        ["compound_id", "sha256"],
        ["file.compound_id", "file.sha256"],
        name="fk_file_upload_file",
    ),
)
