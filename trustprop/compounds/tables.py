"""Where compounds, homes, owners, mandates and texts rest."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from trustprop.plumbing.schema import compound_column, metadata


def _of_compound(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["compound_id"], ["compound.compound_id"], name=f"fk_{table}_compound"
    )


compound = Table(
    "compound",
    metadata,
    compound_column(),
    Column("name", Text, nullable=False),
    Column("credit_code", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("rule_profile", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", name="pk_compound"),
    CheckConstraint("state IN ('founding', 'open')", name="ck_compound_state"),
)

compound_secret = Table(
    "compound_secret",
    metadata,
    compound_column(),
    Column("identity_salt", LargeBinary, nullable=False),
    PrimaryKeyConstraint("compound_id", name="pk_compound_secret"),
    _of_compound("compound_secret"),
    CheckConstraint("length(identity_salt) = 32", name="ck_compound_secret_identity_salt"),
)

invitation = Table(
    "invitation",
    metadata,
    compound_column(),
    Column("person_id", Uuid, nullable=False),
    Column("invited_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "person_id", name="pk_invitation"),
    _of_compound("invitation"),
)

building = Table(
    "building",
    metadata,
    compound_column(),
    Column("building", Text, nullable=False),
    PrimaryKeyConstraint("compound_id", "building", name="pk_building"),
    _of_compound("building"),
)

home = Table(
    "home",
    metadata,
    compound_column(),
    Column("home_id", Uuid, nullable=False),
    Column("building", Text, nullable=False),
    Column("stair", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("area_dm2", BigInteger, nullable=False),
    Column("area_source", Text, nullable=False),
    Column("delivered_on", Date),
    Column("use", Text, nullable=False, server_default="dwelling"),
    PrimaryKeyConstraint("compound_id", "home_id", name="pk_home"),
    ForeignKeyConstraint(
        ["compound_id", "building"],
        ["building.compound_id", "building.building"],
        name="fk_home_building",
    ),
    CheckConstraint("area_dm2 > 0", name="ck_home_area_dm2"),
    CheckConstraint(
        "area_source IN ('registered', 'surveyed', 'contract')", name="ck_home_area_source"
    ),
    CheckConstraint("use IN ('dwelling', 'shop', 'parking')", name="ck_home_use"),
    Index("uq_home_place", "compound_id", "building", "stair", "number", unique=True),
)

owner = Table(
    "owner",
    metadata,
    compound_column(),
    Column("owner_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("identity_commitment", LargeBinary, nullable=False),
    PrimaryKeyConstraint("compound_id", "owner_id", name="pk_owner"),
    _of_compound("owner"),
    CheckConstraint("kind IN ('person', 'organisation', 'developer')", name="ck_owner_kind"),
    CheckConstraint("length(identity_commitment) = 32", name="ck_owner_identity_commitment"),
    Index("uq_owner_identity_commitment", "compound_id", "identity_commitment", unique=True),
)

home_owner = Table(
    "home_owner",
    metadata,
    compound_column(),
    Column("home_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("since_on", Date, nullable=False),
    Column("until_on", Date),
    PrimaryKeyConstraint("compound_id", "home_id", "owner_id", "since_on", name="pk_home_owner"),
    ForeignKeyConstraint(
        ["compound_id", "home_id"], ["home.compound_id", "home.home_id"], name="fk_home_owner_home"
    ),
    ForeignKeyConstraint(
        ["compound_id", "owner_id"],
        ["owner.compound_id", "owner.owner_id"],
        name="fk_home_owner_owner",
    ),
    CheckConstraint("until_on > since_on", name="ck_home_owner_term"),
)

resident = Table(
    "resident",
    metadata,
    compound_column(),
    Column("person_id", Uuid, nullable=False),
    Column("home_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("since_on", Date, nullable=False),
    Column("until_on", Date),
    Column("owner_id", Uuid),
    PrimaryKeyConstraint("compound_id", "person_id", "home_id", "since_on", name="pk_resident"),
    ForeignKeyConstraint(
        ["compound_id", "home_id"], ["home.compound_id", "home.home_id"], name="fk_resident_home"
    ),
    ForeignKeyConstraint(
        ["compound_id", "owner_id"],
        ["owner.compound_id", "owner.owner_id"],
        name="fk_resident_owner",
    ),
    CheckConstraint("kind IN ('owner', 'occupant')", name="ck_resident_kind"),
    CheckConstraint("kind = 'owner' OR owner_id IS NULL", name="ck_resident_owner"),
    CheckConstraint("until_on >= since_on", name="ck_resident_term"),
    Index("ix_resident_home", "compound_id", "home_id"),
)

mandate = Table(
    "mandate",
    metadata,
    compound_column(),
    Column("mandate_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("office", Text, nullable=False),
    Column("party", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("ended_on", Date),
    Column("act_id", Uuid),
    Column("resolution_id", Uuid),
    Column("ended_by_resolution_id", Uuid),
    PrimaryKeyConstraint("compound_id", "mandate_id", name="pk_mandate"),
    _of_compound("mandate"),
    CheckConstraint("act_id IS NOT NULL OR resolution_id IS NOT NULL", name="ck_mandate_decided"),
    CheckConstraint(
        "ended_on IS NOT NULL OR ended_by_resolution_id IS NULL", name="ck_mandate_ended"
    ),
    CheckConstraint("valid_from <= valid_until", name="ck_mandate_term"),
    CheckConstraint(
        "(office IN ('trustee_manager', 'trustee_bookkeeper') AND party = 'trustee') "
        "OR (office IN ('committee_director', 'committee_member') AND party = 'owners') "
        "OR (office IN ('supervisor', 'auditor') AND party = 'supervisor')",
        name="ck_mandate_office",
    ),
    Index("ix_mandate_person", "compound_id", "person_id"),
)
"""The trigger ``mandate_one_side`` refuses a person two parties on one day."""

trust_instrument = Table(
    "trust_instrument",
    metadata,
    compound_column(),
    Column("instrument_id", Uuid, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("settlor", Text, nullable=False),
    Column("settlor_address", Text, nullable=False),
    Column("trustee", JSONB, nullable=False),
    Column("beneficiaries", Text, nullable=False),
    Column("property", Text, nullable=False),
    Column("benefit", Text, nullable=False),
    Column("remuneration", JSONB, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("ends_on", Date),
    Column("act_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("resolution_id", Uuid),
    PrimaryKeyConstraint("compound_id", "instrument_id", name="pk_trust_instrument"),
    _of_compound("trust_instrument"),
    CheckConstraint(
        "version = 1 OR resolution_id IS NOT NULL", name="ck_trust_instrument_resolution"
    ),
    Index("uq_trust_instrument_version", "compound_id", "version", unique=True),
)

governing_text = Table(
    "governing_text",
    metadata,
    compound_column(),
    Column("text_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("document_sha256", Text),
    Column("act_id", Uuid),
    Column("resolution_id", Uuid),
    PrimaryKeyConstraint("compound_id", "text_id", name="pk_governing_text"),
    _of_compound("governing_text"),
    CheckConstraint(
        "kind IN ('rules_of_procedure', 'covenant', 'trust_contract', 'other')",
        name="ck_governing_text_kind",
    ),
    CheckConstraint(
        "act_id IS NOT NULL OR resolution_id IS NOT NULL", name="ck_governing_text_decided"
    ),
    Index("uq_governing_text_version", "compound_id", "kind", "version", unique=True),
)

clause = Table(
    "clause",
    metadata,
    compound_column(),
    Column("text_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("limit_name", Text),
    Column("limit_value", BigInteger),
    PrimaryKeyConstraint("compound_id", "text_id", "code", name="pk_clause"),
    ForeignKeyConstraint(
        ["compound_id", "text_id"],
        ["governing_text.compound_id", "governing_text.text_id"],
        name="fk_clause_governing_text",
    ),
    CheckConstraint("(limit_name IS NULL) = (limit_value IS NULL)", name="ck_clause_limit"),
)
