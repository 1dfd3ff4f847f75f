"""Where closes, published statements, their prints and errata rest; all but the close append-only."""

from sqlalchemy import (
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
    text,
)

from trustprop.plumbing.schema import compound_column, metadata

period_close = Table(
    "period_close",
    metadata,
    compound_column(),
    Column("act_id", Uuid, nullable=False),
    Column("period", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("tree_size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("trial_balance_digest", LargeBinary, nullable=False),
    Column("figures_digest", LargeBinary, nullable=False),
    Column("figures", LargeBinary, nullable=False),
    Column("drafted_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("compound_id", "act_id", name="pk_period_close"),
    ForeignKeyConstraint(
        ["compound_id", "act_id"], ["act.compound_id", "act.act_id"], name="fk_period_close_act"
    ),
    CheckConstraint("state IN ('open', 'closed', 'ended')", name="ck_period_close_state"),
    CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ck_period_close_ended"),
    CheckConstraint("figures_digest = sha256(figures)", name="ck_period_close_figures"),
    Index(
        "uq_period_close_period",
        "compound_id",
        "period",
        unique=True,
        postgresql_where=text("state <> 'ended'"),
    ),
)

statement = Table(
    "statement",
    metadata,
    compound_column(),
    Column("year", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    Column("act_id", Uuid, nullable=False),
    Column("tree_size", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("previous_digest", LargeBinary),
    Column("journal", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("published_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "year", "serial", name="pk_statement"),
    UniqueConstraint("compound_id", "period", name="uq_statement_period"),
    ForeignKeyConstraint(
        ["compound_id", "act_id"],
        ["period_close.compound_id", "period_close.act_id"],
        name="fk_statement_close",
    ),
    CheckConstraint("serial > 0", name="ck_statement_serial"),
    CheckConstraint("digest = sha256(document)", name="ck_statement_digest"),
)

statement_print = Table(
    "statement_print",
    metadata,
    compound_column(),
    Column("year", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("lang", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    PrimaryKeyConstraint("compound_id", "year", "serial", "lang", name="pk_statement_print"),
    ForeignKeyConstraint(
        ["compound_id", "year", "serial"],
        ["statement.compound_id", "statement.year", "statement.serial"],
        name="fk_statement_print_statement",
    ),
    CheckConstraint("lang IN ('zh', 'en')", name="ck_statement_print_lang"),
)

erratum = Table(
    "erratum",
    metadata,
    compound_column(),
    Column("erratum_id", Uuid, nullable=False),
    Column("year", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("entry_id", Uuid, nullable=False),
    Column("period", Integer, nullable=False),
    Column("explanation", Text, nullable=False),
    Column("recorded_by", Uuid),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "erratum_id", name="pk_erratum"),
    UniqueConstraint("compound_id", "entry_id", name="uq_erratum_entry"),
    ForeignKeyConstraint(
        ["compound_id", "year", "serial"],
        ["statement.compound_id", "statement.year", "statement.serial"],
        name="fk_erratum_statement",
    ),
    ForeignKeyConstraint(
        ["compound_id", "entry_id"],
        ["entry.compound_id", "entry.entry_id"],
        name="fk_erratum_entry",
    ),
    Index("ix_erratum_period", "compound_id", "period"),
)
