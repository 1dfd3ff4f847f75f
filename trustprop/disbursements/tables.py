"""Payment orders, their payees and invoices, the payment policy, bank files and refunds."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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

payment_policy = Table(
    "payment_policy",
    metadata,
    compound_column(),
    Column("version", Integer, nullable=False),
    Column("act_id", Uuid, nullable=False),
    Column("terms", JSONB, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("valid_from", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "version", name="pk_payment_policy"),
    UniqueConstraint("compound_id", "act_id", name="uq_payment_policy_act_id"),
    CheckConstraint("version > 0", name="ck_payment_policy_version"),
)

bank_file = Table(
    "bank_file",
    metadata,
    compound_column(),
    Column("file_id", Uuid, nullable=False),
    Column("bank_account", Text, nullable=False),
    Column("orders", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("csv_sha256", Text, nullable=False),
    Column("xml_sha256", Text, nullable=False),
    Column("made_by", Uuid, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "file_id", name="pk_bank_file"),
    CheckConstraint("orders > 0", name="ck_bank_file_orders"),
)

payment_order = Table(
    "payment_order",
    metadata,
    compound_column(),
    Column("order_id", Uuid, nullable=False),
    Column("act_id", Uuid, nullable=False),
    Column("act_version", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("fund", Text, nullable=False),
    Column("bank_account", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("counterparty_id", Uuid),
    Column("budget_line_id", Uuid),
    Column("vendor_id", Uuid),
    Column("pay_on", Date, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("drafted_by", Uuid, nullable=False),
    Column("drafted_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("number_year", Integer),
    Column("number", Integer),
    Column("released_at", DateTime(timezone=True)),
    Column("bank_file_id", Uuid),
    Column("bank_line_id", Uuid),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("refunded_fen", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("compound_id", "order_id", name="pk_payment_order"),
    UniqueConstraint("compound_id", "act_id", name="uq_payment_order_act_id"),
    UniqueConstraint("compound_id", "number_year", "number", name="uq_payment_order_number"),
    ForeignKeyConstraint(
        ["compound_id", "bank_file_id"],
        ["bank_file.compound_id", "bank_file.file_id"],
        name="fk_payment_order_bank_file",
    ),
    CheckConstraint(
        "state IN ('awaiting_signatures', 'released', 'exported', 'settled', 'returned', "
        "'rejected', 'withdrawn', 'expired')",
        name="ck_payment_order_state",
    ),
    CheckConstraint(
        "kind IN ('invoices', 'payable', 'expense', 'agency', 'refund')",
        name="ck_payment_order_kind",
    ),
    CheckConstraint("amount_fen > 0", name="ck_payment_order_amount"),
    CheckConstraint("refunded_fen BETWEEN 0 AND amount_fen", name="ck_payment_order_refunded"),
    CheckConstraint(
        "(state IN ('released', 'exported', 'settled', 'returned')) = (released_at IS NOT NULL) "
        "AND (released_at IS NULL) = (number IS NULL) AND (number IS NULL) = (number_year IS NULL)",
        name="ck_payment_order_released",
    ),
    Index(
        "ix_payment_order_awaiting",
        "compound_id",
        "bank_account",
        "fund",
        postgresql_where=text("state = 'awaiting_signatures'"),
    ),
    Index(
        "ix_payment_order_released",
        "compound_id",
        "bank_account",
        postgresql_where=text("state IN ('released', 'exported')"),
    ),
)

payment_payee = Table(
    "payment_payee",
    metadata,
    compound_column(),
    Column("order_id", Uuid, nullable=False),
    Column("act_version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("bank", Text, nullable=False),
    Column("account_number", Text, nullable=False),
    Column("salt", Text, nullable=False),
    PrimaryKeyConstraint("compound_id", "order_id", "act_version", name="pk_payment_payee"),
    ForeignKeyConstraint(
        ["compound_id", "order_id"],
        ["payment_order.compound_id", "payment_order.order_id"],
        name="fk_payment_payee_order",
    ),
)

order_invoice = Table(
    "order_invoice",
    metadata,
    compound_column(),
    Column("order_id", Uuid, nullable=False),
    Column("invoice_id", Uuid, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("is_held", Boolean, nullable=False),
    PrimaryKeyConstraint("compound_id", "order_id", "invoice_id", name="pk_order_invoice"),
    ForeignKeyConstraint(
        ["compound_id", "order_id"],
        ["payment_order.compound_id", "payment_order.order_id"],
        name="fk_order_invoice_order",
    ),
    Index(
        "uq_order_invoice_held",
        "compound_id",
        "invoice_id",
        unique=True,
        postgresql_where=text("is_held"),
    ),
)

order_refund = Table(
    "order_refund",
    metadata,
    compound_column(),
    Column("refund_id", Uuid, nullable=False),
    Column("order_id", Uuid, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("memo", Text, nullable=False),
    PrimaryKeyConstraint("compound_id", "refund_id", name="pk_order_refund"),
    ForeignKeyConstraint(
        ["compound_id", "order_id"],
        ["payment_order.compound_id", "payment_order.order_id"],
        name="fk_order_refund_order",
    ),
    CheckConstraint("amount_fen > 0", name="ck_order_refund_amount"),
    Index("ix_order_refund_order_id", "compound_id", "order_id"),
)
