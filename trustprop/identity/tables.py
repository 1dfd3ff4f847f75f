"""Where people (of the whole service) and credentials and keys (of one compound) rest."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
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
    UniqueConstraint,
    Uuid,
)

from trustprop.plumbing.schema import compound_column, metadata


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


person = Table(
    "person",
    metadata,
    Column("person_id", Uuid, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("login", Text, nullable=False),
    _instant("created_at"),
    PrimaryKeyConstraint("person_id", name="pk_person"),
    UniqueConstraint("login", name="uq_person_login"),
)

password = Table(
    "password",
    metadata,
    Column("person_id", Uuid, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("totp_secret", LargeBinary, nullable=False),
    Column("totp_last_step", BigInteger),
    PrimaryKeyConstraint("person_id", name="pk_password"),
    ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_password_person"),
)

sign_in_failure = Table(
    "sign_in_failure",
    metadata,
    Column("login_hash", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    _instant("locked_until", nullable=True),
    _instant("failed_at"),
    PrimaryKeyConstraint("login_hash", name="pk_sign_in_failure"),
)

session = Table(
    "session",
    metadata,
    Column("session_id", Uuid, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("person_id", Uuid, nullable=False),
    _instant("created_at"),
    _instant("expires_at"),
    _instant("ended_at", nullable=True),
    PrimaryKeyConstraint("session_id", name="pk_session"),
    UniqueConstraint("token_hash", name="uq_session_token_hash"),
    ForeignKeyConstraint(["person_id"], ["person.person_id"], name="fk_session_person"),
)

operator_key = Table(
    "operator_key",
    metadata,
    Column("key_id", Uuid, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("label", Text, nullable=False),
    _instant("created_at"),
    _instant("expires_at"),
    _instant("revoked_at", nullable=True),
    PrimaryKeyConstraint("key_id", name="pk_operator_key"),
    UniqueConstraint("secret_hash", name="uq_operator_key_secret_hash"),
)

api_key = Table(
    "api_key",
    metadata,
    compound_column(),
    Column("key_id", Uuid, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("label", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("vendor_id", Uuid),
    _instant("created_at"),
    _instant("expires_at"),
    _instant("revoked_at", nullable=True),
    Column("replaces_key_id", Uuid),
    PrimaryKeyConstraint("compound_id", "key_id", name="pk_api_key"),
    UniqueConstraint("compound_id", "secret_hash", name="uq_api_key_secret_hash"),
    ForeignKeyConstraint(
        ["compound_id", "replaces_key_id"],
        ["api_key.compound_id", "api_key.key_id"],
        name="fk_api_key_replaces",
    ),
)

signing_key = Table(
    "signing_key",
    metadata,
    compound_column(),
    Column("key_id", LargeBinary, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("possession_proof", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    _instant("proved_at"),
    Column("activated_by_act_id", Uuid),
    Column("activated_by_resolution_id", Uuid),
    _instant("activated_at", nullable=True),
    _instant("expires_at", nullable=True),
    Column("revoked_by_act_id", Uuid),
    _instant("revoked_at", nullable=True),
    Column("credential_id", LargeBinary),
    PrimaryKeyConstraint("compound_id", "key_id", name="pk_signing_key"),
    CheckConstraint("key_id = sha256(public_key)", name="ck_signing_key_id"),
    CheckConstraint("scheme IN ('ed25519', 'p256', 'webauthn')", name="ck_signing_key_scheme"),
    CheckConstraint(
        "(scheme = 'webauthn') = (credential_id IS NOT NULL)", name="ck_signing_key_credential"
    ),
    CheckConstraint(
        "state IN ('proved', 'active', 'suspended', 'revoked')", name="ck_signing_key_state"
    ),
    CheckConstraint(
        "state NOT IN ('active', 'suspended') "
        "OR num_nonnulls(activated_by_act_id, activated_by_resolution_id) = 1",
        name="ck_signing_key_activated_by",
    ),
    CheckConstraint(
        "state <> 'revoked' OR revoked_by_act_id IS NOT NULL", name="ck_signing_key_revoked_by_act"
    ),
    Index("ix_signing_key_person", "compound_id", "person_id"),
)
