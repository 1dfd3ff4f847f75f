"""The tables of funds: what each fund is, the compound's own bank accounts, transfers."""

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
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from trustprop.plumbing.schema import compound_column, metadata

fund = Table(
    "fund",
    metadata,
    compound_column(),
    Column("code", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("is_restricted", Boolean, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("equity_account", Text, nullable=False),
    Column("established_by", Uuid),
    Column("established_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "code", name="pk_fund"),
    ForeignKeyConstraint(
        ["compound_id", "code"],
        ["ledger_fund.compound_id", "ledger_fund.fund"],
        name="fk_fund_ledger_fund",
    ),
    CheckConstraint("code ~ '^(OP|PR|RS|MF|AG|PJ-[0-9]{3})$'", name="ck_fund_code"),
)

bank_account = Table(
    "bank_account",
    metadata,
    compound_column(),
    Column("proposal_id", Uuid, nullable=False),
    Column("account_code", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("bank", Text, nullable=False),
    Column("branch_code", Text, nullable=False),
    Column("holder_kind", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("funds", ARRAY(Text), nullable=False),
    Column("state", Text, nullable=False),
    Column("act_id", Uuid, nullable=False),
    Column("proposed_by", Uuid),
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    Column("in_force_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("compound_id", "proposal_id", name="pk_bank_account"),
    ForeignKeyConstraint(
        ["compound_id", "account_code"],
        ["account.compound_id", "account.code"],
        name="fk_bank_account_account",
    ),
    CheckConstraint(
        "state IN ('proposed', 'in_force', 'replaced', 'ended')", name="ck_bank_account_state"
    ),
    CheckConstraint(
        "holder_kind IN ('assembly', 'committee', 'trustee', 'custodian')",
        name="ck_bank_account_holder_kind",
    ),
    CheckConstraint("number ~ '^[0-9]{8,40}$'", name="ck_bank_account_number"),
    CheckConstraint("cardinality(funds) > 0", name="ck_bank_account_funds"),
)
Index(
    "uq_bank_account_in_force",
    bank_account.c.compound_id,
    bank_account.c.account_code,
    unique=True,
    postgresql_where=text("state = 'in_force'"),
)

fund_transfer = Table(
    "fund_transfer",
    metadata,
    compound_column(),
    Column("transfer_id", Uuid, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("from_fund", Text, nullable=False),
    Column("to_fund", Text, nullable=False),
    Column("bank_account", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("transferred_on", Date, nullable=False),
    Column("memo", Text, nullable=False),
    Column("resolution_id", Uuid, nullable=False),
    Column("transferred_by", Uuid),
    Column("transferred_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "transfer_id", name="pk_fund_transfer"),
    ForeignKeyConstraint(
        ["compound_id", "from_fund"],
        ["fund.compound_id", "fund.code"],
        name="fk_fund_transfer_from_fund",
    ),
    ForeignKeyConstraint(
        ["compound_id", "to_fund"],
        ["fund.compound_id", "fund.code"],
        name="fk_fund_transfer_to_fund",
    ),
    CheckConstraint("amount_fen > 0 AND from_fund <> to_fund", name="ck_fund_transfer_amount"),
)
