"""The tables of budgets: documents, the control of their lines, movements and changes."""

from typing import Any

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
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from trustprop.plumbing.schema import compound_column, metadata


def _instant(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _fen(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False)


def _words(name: str) -> Column[Any]:
    return Column(name, Text, nullable=False)


budget = Table(
    "budget",
    metadata,
    compound_column(),
    Column("budget_id", Uuid, nullable=False),
    Column("year", Integer, nullable=False),
    _words("title"),
    _words("state"),
    Column("version", Integer, nullable=False),
    Column("warning_percent", Integer, nullable=False),
    Column("drafted_by", Uuid),
    _instant("drafted_at"),
    _instant("consulting_since", nullable=True),
    _instant("adopted_at", nullable=True),
    Column("resolution_id", Uuid),
    PrimaryKeyConstraint("compound_id", "budget_id", name="pk_budget"),
    CheckConstraint(
        "state IN ('draft', 'consulting', 'adopted', 'superseded')", name="ck_budget_state"
    ),
    CheckConstraint(
        "state <> 'adopted' OR (resolution_id IS NOT NULL AND adopted_at IS NOT NULL)",
        name="ck_budget_adopted",
    ),
    CheckConstraint("warning_percent BETWEEN 0 AND 100", name="ck_budget_warning_percent"),
)
Index(
    "uq_budget_adopted_year",
    budget.c.compound_id,
    budget.c.year,
    unique=True,
    postgresql_where=text("state = 'adopted'"),
)

budget_line = Table(
    "budget_line",
    metadata,
    compound_column(),
    Column("line_id", Uuid, nullable=False),
    Column("budget_id", Uuid, nullable=False),
    _words("code"),
    _words("title"),
    _words("account"),
    _words("fund"),
    _words("category"),
    _words("scope"),
    _fen("amount_fen"),
    _words("assumption"),
    _words("service_standard"),
    _fen("used_before_fen"),
    _fen("encumbered_before_fen"),
    Column("added_by", Uuid),
    PrimaryKeyConstraint("compound_id", "line_id", name="pk_budget_line"),
    UniqueConstraint("compound_id", "budget_id", "code", name="uq_budget_line_code"),
    ForeignKeyConstraint(
        ["compound_id", "budget_id"],
        ["budget.compound_id", "budget.budget_id"],
        name="fk_budget_line_budget",
    ),
    ForeignKeyConstraint(
        ["compound_id", "fund"], ["fund.compound_id", "fund.code"], name="fk_budget_line_fund"
    ),
    ForeignKeyConstraint(
        ["compound_id", "account"],
        ["account.compound_id", "account.code"],
        name="fk_budget_line_account",
    ),
    CheckConstraint(
        "used_before_fen >= 0 AND encumbered_before_fen >= 0 "
        "AND used_before_fen + encumbered_before_fen <= amount_fen",
        name="ck_budget_line_amounts",
    ),
)

budget_income = Table(
    "budget_income",
    metadata,
    compound_column(),
    Column("budget_id", Uuid, nullable=False),
    _words("code"),
    _words("title"),
    _words("account"),
    _words("fund"),
    _fen("amount_fen"),
    Column("collection_percent", Integer, nullable=False),
    _words("assumption"),
    Column("added_by", Uuid),
    PrimaryKeyConstraint("compound_id", "budget_id", "code", name="pk_budget_income"),
    ForeignKeyConstraint(
        ["compound_id", "budget_id"],
        ["budget.compound_id", "budget.budget_id"],
        name="fk_budget_income_budget",
    ),
    ForeignKeyConstraint(
        ["compound_id", "fund"], ["fund.compound_id", "fund.code"], name="fk_budget_income_fund"
    ),
    ForeignKeyConstraint(
        ["compound_id", "account"],
        ["account.compound_id", "account.code"],
        name="fk_budget_income_account",
    ),
    CheckConstraint("amount_fen >= 0", name="ck_budget_income_amount"),
    CheckConstraint("collection_percent BETWEEN 0 AND 100", name="ck_budget_income_percent"),
)

budget_version = Table(
    "budget_version",
    metadata,
    compound_column(),
    Column("budget_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("saved_by", Uuid),
    _instant("saved_at"),
    PrimaryKeyConstraint("compound_id", "budget_id", "version", name="pk_budget_version"),
    ForeignKeyConstraint(
        ["compound_id", "budget_id"],
        ["budget.compound_id", "budget.budget_id"],
        name="fk_budget_version_budget",
    ),
)

budget_comment = Table(
    "budget_comment",
    metadata,
    compound_column(),
    Column("comment_id", Uuid, nullable=False),
    Column("budget_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("line_id", Uuid),
    Column("person_id", Uuid, nullable=False),
    _words("body"),
    _instant("commented_at"),
    Column("answer", Text),
    Column("answered_by", Uuid),
    _instant("answered_at", nullable=True),
    PrimaryKeyConstraint("compound_id", "comment_id", name="pk_budget_comment"),
    ForeignKeyConstraint(
        ["compound_id", "budget_id"],
        ["budget.compound_id", "budget.budget_id"],
        name="fk_budget_comment_budget",
    ),
    Index("ix_budget_comment_budget", "compound_id", "budget_id", "comment_id"),
)

line_control = Table(
    "line_control",
    metadata,
    compound_column(),
    Column("line_id", Uuid, nullable=False),
    _fen("appropriated_fen"),
    _fen("adjusted_fen"),
    _fen("actual_fen"),
    _fen("encumbered_fen"),
    _fen("reserved_fen"),
    Column("movements", Integer, nullable=False),
    PrimaryKeyConstraint("compound_id", "line_id", name="pk_line_control"),
    ForeignKeyConstraint(
        ["compound_id", "line_id"],
        ["budget_line.compound_id", "budget_line.line_id"],
        name="fk_line_control_line",
    ),
    CheckConstraint(
        "appropriated_fen >= 0 AND actual_fen >= 0 AND encumbered_fen >= 0 AND reserved_fen >= 0",
        name="ck_line_control_figures",
    ),
    CheckConstraint(
        "appropriated_fen + adjusted_fen - actual_fen - encumbered_fen - reserved_fen >= 0",
        name="ck_line_control_available",
    ),
)

line_movement = Table(
    "line_movement",
    metadata,
    compound_column(),
    Column("line_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    _words("kind"),
    _words("source_kind"),
    Column("source_id", Uuid, nullable=False),
    Column("source_version", Integer, nullable=False),
    Column("moved_on", Date, nullable=False),
    _instant("recorded_at"),
    _fen("appropriated_fen"),
    _fen("adjusted_fen"),
    _fen("actual_fen"),
    _fen("encumbered_fen"),
    _fen("reserved_fen"),
    PrimaryKeyConstraint("compound_id", "line_id", "number", name="pk_line_movement"),
    UniqueConstraint(
        "compound_id",
        "line_id",
        "kind",
        "source_kind",
        "source_id",
        "source_version",
        name="uq_line_movement_source",
    ),
    ForeignKeyConstraint(
        ["compound_id", "line_id"],
        ["line_control.compound_id", "line_control.line_id"],
        name="fk_line_movement_line",
    ),
    CheckConstraint(
        "kind IN ('open', 'adjust', 'encumber', 'relieve', 'reserve', 'unreserve', 'spend', 'unspend')",
        name="ck_line_movement_kind",
    ),
)

budget_adjustment = Table(
    "budget_adjustment",
    metadata,
    compound_column(),
    Column("adjustment_id", Uuid, nullable=False),
    Column("budget_id", Uuid, nullable=False),
    _words("title"),
    _words("reason"),
    Column("deltas", JSONB, nullable=False),
    Column("new_lines", JSONB, nullable=False),
    Column("new_income", JSONB, nullable=False),
    _words("state"),
    Column("proposed_by", Uuid),
    _instant("proposed_at"),
    _instant("in_force_at", nullable=True),
    Column("resolution_id", Uuid),
    PrimaryKeyConstraint("compound_id", "adjustment_id", name="pk_budget_adjustment"),
    ForeignKeyConstraint(
        ["compound_id", "budget_id"],
        ["budget.compound_id", "budget.budget_id"],
        name="fk_budget_adjustment_budget",
    ),
    CheckConstraint(
        "state IN ('proposed', 'in_force', 'ended')", name="ck_budget_adjustment_state"
    ),
    CheckConstraint(
        "state <> 'in_force' OR resolution_id IS NOT NULL", name="ck_budget_adjustment_decided"
    ),
)

budget_virement = Table(
    "budget_virement",
    metadata,
    compound_column(),
    Column("virement_id", Uuid, nullable=False),
    Column("budget_id", Uuid, nullable=False),
    Column("from_line_id", Uuid, nullable=False),
    Column("to_line_id", Uuid, nullable=False),
    _fen("amount_fen"),
    _words("reason"),
    _words("state"),
    Column("act_id", Uuid, nullable=False),
    Column("proposed_by", Uuid),
    _instant("proposed_at"),
    _instant("in_force_at", nullable=True),
    PrimaryKeyConstraint("compound_id", "virement_id", name="pk_budget_virement"),
    ForeignKeyConstraint(
        ["compound_id", "budget_id"],
        ["budget.compound_id", "budget.budget_id"],
        name="fk_budget_virement_budget",
    ),
    ForeignKeyConstraint(
        ["compound_id", "from_line_id"],
        ["line_control.compound_id", "line_control.line_id"],
        name="fk_budget_virement_from_line",
    ),
    ForeignKeyConstraint(
        ["compound_id", "to_line_id"],
        ["line_control.compound_id", "line_control.line_id"],
        name="fk_budget_virement_to_line",
    ),
    CheckConstraint("state IN ('proposed', 'in_force', 'ended')", name="ck_budget_virement_state"),
    CheckConstraint(
        "amount_fen > 0 AND from_line_id <> to_line_id", name="ck_budget_virement_amount"
    ),
)

budget_emergency = Table(
    "budget_emergency",
    metadata,
    compound_column(),
    Column("emergency_id", Uuid, nullable=False),
    Column("budget_id", Uuid, nullable=False),
    Column("line_id", Uuid, nullable=False),
    Column("new_line", JSONB(none_as_null=True)),
    _fen("amount_fen"),
    _words("reason"),
    Column("evidence", ARRAY(Text), nullable=False),
    _words("state"),
    Column("act_id", Uuid, nullable=False),
    Column("proposed_by", Uuid),
    _instant("proposed_at"),
    _instant("in_force_at", nullable=True),
    _instant("notice_due_at", nullable=True),
    _instant("noticed_at", nullable=True),
    Column("notice_evidence", ARRAY(Text), nullable=False),
    Column("ratify_by", Date),
    Column("resolution_id", Uuid),
    _instant("ratified_at", nullable=True),
    PrimaryKeyConstraint("compound_id", "emergency_id", name="pk_budget_emergency"),
    ForeignKeyConstraint(
        ["compound_id", "budget_id"],
        ["budget.compound_id", "budget.budget_id"],
        name="fk_budget_emergency_budget",
    ),
    CheckConstraint("state IN ('proposed', 'in_force', 'ended')", name="ck_budget_emergency_state"),
    CheckConstraint("amount_fen > 0", name="ck_budget_emergency_amount"),
    CheckConstraint(
        "ratified_at IS NULL OR resolution_id IS NOT NULL", name="ck_budget_emergency_ratified"
    ),
)
