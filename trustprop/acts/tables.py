"""Where acts, their versions and the signatures rest; the last two are append-only."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from trustprop.plumbing.schema import compound_column, metadata

act = Table(
    "act",
    metadata,
    compound_column(),
    Column("act_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("drafted_by", Uuid),
    Column("drafted_party", Text),
    Column("drafted_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("compound_id", "act_id", name="pk_act"),
    CheckConstraint(
        "state IN ('open', 'signed', 'rejected', 'withdrawn', 'expired')", name="ck_act_state"
    ),
    CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ck_act_ended"),
    Index("ix_act_open", "compound_id", "act_id", postgresql_where=text("state = 'open'")),
    Index("ix_act_subject", "compound_id", "subject_id"),
)

act_version = Table(
    "act_version",
    metadata,
    compound_column(),
    Column("act_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("required", JSONB, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revised_by", Uuid),
    PrimaryKeyConstraint("compound_id", "act_id", "version", name="pk_act_version"),
    ForeignKeyConstraint(
        ["compound_id", "act_id"], ["act.compound_id", "act.act_id"], name="fk_act_version_act"
    ),
    CheckConstraint("digest = sha256(payload)", name="ck_act_version_digest"),
)

act_signature = Table(
    "act_signature",
    metadata,
    compound_column(),
    Column("act_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("key_id", LargeBinary, nullable=False),
    Column("party", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("mandate_id", Uuid, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("signed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "act_id", "version", "person_id", name="pk_act_signature"),
    ForeignKeyConstraint(
        ["compound_id", "act_id", "version"],
        ["act_version.compound_id", "act_version.act_id", "act_version.version"],
        name="fk_act_signature_version",
    ),
    ForeignKeyConstraint(
        ["compound_id", "key_id"],
        ["signing_key.compound_id", "signing_key.key_id"],
        name="fk_act_signature_key",
    ),
    CheckConstraint("party IN ('trustee', 'owners')", name="ck_act_signature_party"),
)
