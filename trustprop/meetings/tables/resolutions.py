"""Where resolutions rest, and what became of them; both are append-only.

The trigger ``resolution_was_counted`` looks at commit for the steps, the motion and the count behind a
counted one.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
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
    text,
)

from trustprop.plumbing.schema import compound_column, metadata

resolution = Table(
    "resolution",
    metadata,
    compound_column(),
    Column("resolution_id", Uuid, nullable=False),
    Column("act_id", Uuid),
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
    Column("meeting_id", Uuid),
    Column("motion_id", Uuid),
    Column("count_digest", Text),
    Column("is_rehearsal", Boolean, nullable=False, server_default=text("false")),
    Column("revokes_resolution_id", Uuid),
    Column("needs_legal_review", Boolean, nullable=False, server_default=text("false")),
    PrimaryKeyConstraint("compound_id", "resolution_id", name="pk_resolution"),
    ForeignKeyConstraint(["compound_id"], ["compound.compound_id"], name="fk_resolution_compound"),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id", "is_rehearsal"],
        ["meeting.compound_id", "meeting.meeting_id", "meeting.is_rehearsal"],
        name="fk_resolution_meeting",
    ),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id", "motion_id"],
        ["motion.compound_id", "motion.meeting_id", "motion.motion_id"],
        name="fk_resolution_motion",
    ),
    ForeignKeyConstraint(
        ["compound_id", "revokes_resolution_id"],
        ["resolution.compound_id", "resolution.resolution_id"],
        name="fk_resolution_revoked",
    ),
    CheckConstraint("NOT is_rehearsal", name="ck_resolution_rehearsal"),
    CheckConstraint(
        "(act_id IS NULL AND num_nonnulls(meeting_id, motion_id, count_digest) = 3 "
        "AND decided_by = 'assembly') "
        "OR (act_id IS NOT NULL AND num_nonnulls(meeting_id, motion_id, count_digest, "
        "revokes_resolution_id) = 0)",
        name="ck_resolution_origin",
    ),
    CheckConstraint(
        "majority = 'unanimous' OR (matter <> 'change_to_business' AND (majority = 'special' "
        "OR (majority = 'ordinary' AND matter NOT IN "
        "('maintenance_fund_raise', 'common_part_business', 'reconstruct'))))",
        name="ck_resolution_majority",
    ),
    CheckConstraint(
        "(decided_by = 'committee' AND 2 * participating_heads > total_heads "
        "AND 2 * for_heads > total_heads) "
        "OR (decided_by = 'assembly' AND total_heads > 0 "
        "AND participating_area_dm2 <= total_area_dm2 AND participating_heads <= total_heads "
        "AND for_area_dm2 <= participating_area_dm2 AND for_heads <= participating_heads "
        "AND 3 * participating_area_dm2 >= 2 * total_area_dm2 "
        "AND 3 * participating_heads >= 2 * total_heads "
        "AND 2 * for_area_dm2 > participating_area_dm2 AND 2 * for_heads > participating_heads "
        "AND (majority = 'ordinary' OR (4 * for_area_dm2 >= 3 * participating_area_dm2 "
        "AND 4 * for_heads >= 3 * participating_heads)) "
        "AND (majority <> 'unanimous' OR (for_area_dm2 = total_area_dm2 "
        "AND for_heads = total_heads)))",
        name="ck_resolution_passed",
    ),
    CheckConstraint(
        "cardinality(minutes) > 0 OR meeting_id IS NOT NULL", name="ck_resolution_minutes"
    ),
    Index("uq_resolution_number", "compound_id", "year", "serial", unique=True),
    Index("ix_resolution_meeting", "compound_id", "meeting_id"),
)

resolution_outcome = Table(
    "resolution_outcome",
    metadata,
    compound_column(),
    Column("resolution_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("act_id", Uuid),
    Column("by_resolution_id", Uuid),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "resolution_id", "state", name="pk_resolution_outcome"),
    ForeignKeyConstraint(
        ["compound_id", "resolution_id"],
        ["resolution.compound_id", "resolution.resolution_id"],
        name="fk_resolution_outcome_resolution",
    ),
    ForeignKeyConstraint(
        ["compound_id", "by_resolution_id"],
        ["resolution.compound_id", "resolution.resolution_id"],
        name="fk_resolution_outcome_by",
    ),
    CheckConstraint(
        "state IN ('confirmed', 'rejected', 'revoked')", name="ck_resolution_outcome_state"
    ),
    CheckConstraint(
        "num_nonnulls(act_id, by_resolution_id) = 1 "
        "AND (by_resolution_id IS NULL OR (state = 'confirmed' "
        "AND by_resolution_id = resolution_id) OR (state = 'revoked' "
        "AND by_resolution_id <> resolution_id))",
        name="ck_resolution_outcome_by",
    ),
)
