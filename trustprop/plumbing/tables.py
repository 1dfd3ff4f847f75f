"""What plumbing stores: the answers of requests that may be sent again."""

from sqlalchemy import (
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from trustprop.plumbing.schema import compound_column, metadata

idempotency_key = Table(
    "idempotency_key",
    metadata,
    compound_column(),
    Column("credential_id", Uuid, nullable=False),
    Column("route", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False, server_default=text("0")),
    Column("body", LargeBinary, nullable=False, server_default=text("''")),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "credential_id", "route", "key", name="pk_idempotency_key"),
    Index("ix_idempotency_key_created_at", "created_at"),
)
