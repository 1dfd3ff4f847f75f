"""Where resolutions rest, and what became of them; both are append-only."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from trustprop.plumbing.schema import compound_column, metadata

resolution = Table(
    "resolution",
    metadata,
    compound_column(),
    Column("resolution_id", Uuid, nullable=False),
    Column("act_id", Uuid, nullable=False),
    Column("year", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("matter", Text, nullable=False),
    Column("majority", Text, nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("building", Text, nullable=False),
    Column("stair", Text, nullable=False),
    Column("subject_id", Uuid),
    Column("title", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("record_on", Date, nullable=False),
    Column("held_on", Date, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("total_area_dm2", BigInteger, nullable=False),
    Column("total_heads", Integer, nullable=False),
    Column("participating_area_dm2", BigInteger, nullable=False),
    Column("participating_heads", Integer, nullable=False),
    Column("for_area_dm2", BigInteger, nullable=False),
    Column("for_heads", Integer, nullable=False),
    Column("minutes", ARRAY(Text), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "resolution_id", name="pk_resolution"),
    ForeignKeyConstraint(["compound_id"], ["compound.compound_id"], name="fk_resolution_compound"),
    CheckConstraint(
        "majority = 'special' OR (majority = 'ordinary' AND matter NOT IN "
        "('maintenance_fund_raise', 'common_part_business', 'reconstruct'))",
        name="ck_resolution_majority",
    ),
    CheckConstraint(
        "(decided_by = 'committee' AND 2 * participating_heads > total_heads "
        "AND 2 * for_heads > total_heads) "
        "OR (decided_by = 'assembly' AND total_heads > 0 "
        "AND 3 * participating_area_dm2 >= 2 * total_area_dm2 "
        "AND 3 * participating_heads >= 2 * total_heads "
        "AND 2 * for_area_dm2 > participating_area_dm2 AND 2 * for_heads > participating_heads "
        "AND (majority = 'ordinary' OR (4 * for_area_dm2 >= 3 * participating_area_dm2 "
        "AND 4 * for_heads >= 3 * participating_heads)))",
        name="ck_resolution_passed",
    ),
    CheckConstraint("cardinality(minutes) > 0", name="ck_resolution_minutes"),
    Index("uq_resolution_number", "compound_id", "year", "serial", unique=True),
)

resolution_outcome = Table(
    "resolution_outcome",
    metadata,
    compound_column(),
    Column("resolution_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("act_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "resolution_id", "state", name="pk_resolution_outcome"),
    ForeignKeyConstraint(
        ["compound_id", "resolution_id"],
        ["resolution.compound_id", "resolution.resolution_id"],
        name="fk_resolution_outcome_resolution",
    ),
    CheckConstraint(
        "state IN ('confirmed', 'rejected', 'revoked')", name="ck_resolution_outcome_state"
    ),
)
