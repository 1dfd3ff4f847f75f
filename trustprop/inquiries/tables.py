"""Questions and objections with their answers."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from trustprop.plumbing.schema import compound_column, metadata

inquiry = Table(
    "inquiry",
    metadata,
    compound_column(),
    Column("inquiry_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("target_kind", Text, nullable=False),
    Column("target_id", Uuid, nullable=False),
    Column("place", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("asked_by", Uuid, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("answer", Text, nullable=False, server_default=text("''")),
    Column("answered_by", Uuid),
    Column("answered_for", Text),
    Column("answered_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("compound_id", "inquiry_id", name="pk_inquiry"),
    CheckConstraint(
        "(answered_at IS NULL) = (answered_by IS NULL) "
        "AND (answered_at IS NULL) = (answered_for IS NULL) "
        "AND (answered_at IS NULL) = (answer = '')",
        name="ck_inquiry_answer",
    ),
    Index("ix_inquiry_asked", "compound_id", "asked_at", "inquiry_id"),
    Index("ix_inquiry_target", "compound_id", "target_id"),
    Index("ix_inquiry_answered", "compound_id", "answered_at"),
)
