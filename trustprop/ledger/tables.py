"""The books as stored. Only the functions of the migration write the journal and what follows from it."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
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

books = Table(
    "books",
    metadata,
    compound_column(),
    Column("tree_size", BigInteger, nullable=False),
    Column("frontier", ARRAY(LargeBinary), nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("closed_through", Integer, nullable=False),
    PrimaryKeyConstraint("compound_id", name="pk_books"),
)

account = Table(
    "account",
    metadata,
    compound_column(),
    Column("code", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("cannot_go_below_zero", Boolean, nullable=False),
    Column("keeps_subledger", Boolean, nullable=False),
    Column("is_open", Boolean, nullable=False),
    PrimaryKeyConstraint("compound_id", "code", name="pk_account"),
    CheckConstraint("code ~ '^[1-59][0-9]{3}([0-9]{2}){0,3}$'", name="ck_account_code"),
    CheckConstraint("side IN ('debit', 'credit')", name="ck_account_side"),
    CheckConstraint(
        "left(code, 4) NOT IN ('1001', '1002') OR (side = 'debit' AND cannot_go_below_zero)",
        name="ck_account_cash",
    ),
)

ledger_fund = Table(
    "ledger_fund",
    metadata,
    compound_column(),
    Column("fund", Text, nullable=False),
    Column("is_restricted", Boolean, nullable=False),
    Column("is_open", Boolean, nullable=False),
    PrimaryKeyConstraint("compound_id", "fund", name="pk_ledger_fund"),
    CheckConstraint("fund ~ '^[A-Z][A-Z0-9-]{0,15}$'", name="ck_ledger_fund_code"),
)

period = Table(
    "period",
    metadata,
    compound_column(),
    Column("period", Integer, nullable=False),
    Column("closed_at", DateTime(timezone=True), nullable=False),
    Column("tree_size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    PrimaryKeyConstraint("compound_id", "period", name="pk_period"),
)

entry = Table(
    "entry",
    metadata,
    compound_column(),
    Column("number", BigInteger, nullable=False),
    Column("entry_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("accounting_on", Date, nullable=False),
    Column("period", Integer, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("memo", Text, nullable=False),
    Column("memo_salt", LargeBinary, nullable=False),
    Column("source_kind", Text, nullable=False),
    Column("source_id", Uuid, nullable=False),
    Column("act_id", Uuid),
    Column("resolution_id", Uuid),
    Column("reverses_entry_id", Uuid),
    Column("evidence", ARRAY(LargeBinary), nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("compound_id", "number", name="pk_entry"),
    UniqueConstraint("compound_id", "entry_id", name="uq_entry_entry_id"),
    CheckConstraint("number > 0", name="ck_entry_number"),
    CheckConstraint(
        "kind IN ('opening', 'voucher', 'invoice', 'payment', 'charge', 'receipt', 'transfer', "
        "'remuneration', 'reversal', 'bank')",
        name="ck_entry_kind",
    ),
    CheckConstraint(
        "kind NOT IN ('opening', 'payment') OR act_id IS NOT NULL", name="ck_entry_act"
    ),
    CheckConstraint("kind <> 'transfer' OR resolution_id IS NOT NULL", name="ck_entry_resolution"),
    CheckConstraint(
        "(kind = 'reversal') = (reverses_entry_id IS NOT NULL)", name="ck_entry_reversal"
    ),
    Index(
        "uq_entry_reverses",
        "compound_id",
        "reverses_entry_id",
        unique=True,
        postgresql_where=text("reverses_entry_id IS NOT NULL"),
    ),
    Index("ix_entry_accounting_on", "compound_id", "accounting_on", "number"),
)

entry_line = Table(
    "entry_line",
    metadata,
    compound_column(),
    Column("number", BigInteger, nullable=False),
    Column("line", Integer, nullable=False),
    Column("account", Text, nullable=False),
    Column("fund", Text, nullable=False),
    Column("debit_fen", BigInteger, nullable=False),
    Column("credit_fen", BigInteger, nullable=False),
    Column("budget_line_id", Uuid),
    Column("counterparty_id", Uuid),
    Column("scope", Text, nullable=False),
    Column("project", Text, nullable=False),
    PrimaryKeyConstraint("compound_id", "number", "line", name="pk_entry_line"),
    CheckConstraint(
        "debit_fen >= 0 AND credit_fen >= 0 AND (debit_fen = 0) <> (credit_fen = 0)",
        name="ck_entry_line_one_side",
    ),
    CheckConstraint("debit_fen + credit_fen <= 1000000000000000", name="ck_entry_line_amount"),
    Index("ix_entry_line_account", "compound_id", "account", "number"),
    Index(
        "ix_entry_line_counterparty",
        "compound_id",
        "counterparty_id",
        "number",
        postgresql_where=text("counterparty_id IS NOT NULL"),
    ),
)

balance = Table(
    "balance",
    metadata,
    compound_column(),
    Column("fund", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("balance_fen", BigInteger, nullable=False),
    PrimaryKeyConstraint("compound_id", "fund", "account", name="pk_balance"),
)

turnover = Table(
    "turnover",
    metadata,
    compound_column(),
    Column("period", Integer, nullable=False),
    Column("fund", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("debit_fen", BigInteger, nullable=False),
    Column("credit_fen", BigInteger, nullable=False),
    PrimaryKeyConstraint("compound_id", "period", "fund", "account", name="pk_turnover"),
)

subledger_balance = Table(
    "subledger_balance",
    metadata,
    compound_column(),
    Column("account", Text, nullable=False),
    Column("fund", Text, nullable=False),
    Column("counterparty_id", Uuid, nullable=False),
    Column("balance_fen", BigInteger, nullable=False),
    PrimaryKeyConstraint(
        "compound_id", "account", "fund", "counterparty_id", name="pk_subledger_balance"
    ),
)

period_balance = Table(
    "period_balance",
    metadata,
    compound_column(),
    Column("period", Integer, nullable=False),
    Column("fund", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("balance_fen", BigInteger, nullable=False),
    PrimaryKeyConstraint("compound_id", "period", "fund", "account", name="pk_period_balance"),
)

tree_node = Table(
    "tree_node",
    metadata,
    compound_column(),
    Column("level", Integer, nullable=False),
    Column("index", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("compound_id", "level", "index", name="pk_tree_node"),
)
