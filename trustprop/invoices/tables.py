"""Vendors, contracts and invoices as stored; the same tables, by name, as in the migration."""

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
from sqlalchemy.dialects.postgresql import ARRAY

from trustprop.plumbing.schema import compound_column, metadata


def _of(table: str, column: str, name: str, key: str | None = None) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["compound_id", column],
        [f"{table}.compound_id", f"{table}.{key or column}"],
        name=name,
    )


vendor = Table(
    "vendor",
    metadata,
    compound_column(),
    Column("vendor_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("credit_code", Text, nullable=False),
    Column("is_related_party", Boolean, nullable=False),
    Column("resolution_id", Uuid),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("registered_by", Uuid, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("decided_by", Uuid),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("compound_id", "vendor_id", name="pk_vendor"),
    UniqueConstraint("compound_id", "credit_code", name="uq_vendor_credit_code"),
    CheckConstraint("state IN ('proposed', 'admitted', 'suspended')", name="ck_vendor_state"),
    CheckConstraint(
        "NOT is_related_party OR state <> 'admitted' OR resolution_id IS NOT NULL",
        name="ck_vendor_related_party",
    ),
)

vendor_account = Table(
    "vendor_account",
    metadata,
    compound_column(),
    Column("account_id", Uuid, nullable=False),
    Column("vendor_id", Uuid, nullable=False),
    Column("holder", Text, nullable=False),
    Column("bank", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("bank_code", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("act_id", Uuid, nullable=False),
    Column("replaces_account_id", Uuid),
    Column("usable_from_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("compound_id", "account_id", name="pk_vendor_account"),
    _of("vendor", "vendor_id", "fk_vendor_account_vendor"),
    _of("vendor_account", "replaces_account_id", "fk_vendor_account_replaces", "account_id"),
    CheckConstraint(
        "state IN ('drafted', 'signed', 'replaced', 'refused')", name="ck_vendor_account_state"
    ),
    CheckConstraint(
        "(usable_from_at IS NULL) = (state IN ('drafted', 'refused'))",
        name="ck_vendor_account_rest",
    ),
    Index("ix_vendor_account_vendor", "compound_id", "vendor_id"),
)

contract = Table(
    "contract",
    metadata,
    compound_column(),
    Column("contract_id", Uuid, nullable=False),
    Column("vendor_id", Uuid, nullable=False),
    Column("title", Text, nullable=False),
    Column("fund", Text, nullable=False),
    Column("budget_line_id", Uuid, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("encumber_fen", BigInteger, nullable=False),
    Column("billed_before_fen", BigInteger, nullable=False),
    Column("files", ARRAY(LargeBinary), nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("act_id", Uuid, nullable=False),
    Column("billed_fen", BigInteger, nullable=False),
    Column("encumbered_fen", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("compound_id", "contract_id", name="pk_contract"),
    _of("vendor", "vendor_id", "fk_contract_vendor"),
    CheckConstraint("starts_on <= ends_on", name="ck_contract_term"),
    CheckConstraint(
        "state IN ('drafted', 'in_force', 'ended', 'refused')", name="ck_contract_state"
    ),
    CheckConstraint(
        "amount_fen > 0 AND billed_before_fen >= 0 AND encumber_fen >= 0"
        " AND encumbered_fen BETWEEN 0 AND encumber_fen"
        " AND billed_before_fen + billed_fen <= amount_fen",
        name="ck_contract_amounts",
    ),
    Index("ix_contract_vendor", "compound_id", "vendor_id"),
)

invoice = Table(
    "invoice",
    metadata,
    compound_column(),
    Column("invoice_id", Uuid, nullable=False),
    Column("vendor_id", Uuid, nullable=False),
    Column("contract_id", Uuid),
    Column("corrects_id", Uuid),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("fiscal_number", Text, nullable=False),
    Column("vendor_reference", Text, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("net_fen", BigInteger, nullable=False),
    Column("tax_fen", BigInteger, nullable=False),
    Column("gross_fen", BigInteger, nullable=False),
    Column("description", Text, nullable=False),
    Column("files", ARRAY(LargeBinary), nullable=False),
    Column("attachments", ARRAY(LargeBinary), nullable=False),
    Column("is_xml_checked", Boolean, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("submitted_at", DateTime(timezone=True), nullable=False),
    Column("fund", Text),
    Column("entry_id", Uuid),
    Column("acceptance_evidence", ARRAY(LargeBinary)),
    Column("order_id", Uuid),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("compound_id", "invoice_id", name="pk_invoice"),
    _of("vendor", "vendor_id", "fk_invoice_vendor"),
    _of("contract", "contract_id", "fk_invoice_contract"),
    _of("invoice", "corrects_id", "fk_invoice_corrects", "invoice_id"),
    CheckConstraint("kind IN ('e_invoice', 'paper', 'utility', 'other')", name="ck_invoice_kind"),
    CheckConstraint(
        "state IN ('submitted', 'accepted', 'ordered', 'paid', 'rejected', 'withdrawn')",
        name="ck_invoice_state",
    ),
    CheckConstraint("net_fen + tax_fen = gross_fen AND gross_fen <> 0", name="ck_invoice_sum"),
    CheckConstraint("(gross_fen < 0) = (corrects_id IS NOT NULL)", name="ck_invoice_red"),
    CheckConstraint(
        "(state IN ('accepted', 'ordered', 'paid')) = (entry_id IS NOT NULL)"
        " AND (entry_id IS NULL) = (fund IS NULL)"
        " AND (entry_id IS NULL) = (acceptance_evidence IS NULL)",
        name="ck_invoice_accepted",
    ),
    CheckConstraint(
        "(state IN ('ordered', 'paid')) = (order_id IS NOT NULL)", name="ck_invoice_ordered"
    ),
    Index("ix_invoice_similar", "compound_id", "vendor_id", "gross_fen", "issued_on"),
    Index(
        "ix_invoice_corrects",
        "compound_id",
        "corrects_id",
        postgresql_where=text("corrects_id IS NOT NULL"),
    ),
)

invoice_claim = Table(
    "invoice_claim",
    metadata,
    compound_column(),
    Column("claim", Text, nullable=False),
    Column("invoice_id", Uuid, nullable=False),
    PrimaryKeyConstraint("compound_id", "claim", name="pk_invoice_claim"),
    _of("invoice", "invoice_id", "fk_invoice_claim_invoice"),
)

invoice_event = Table(
    "invoice_event",
    metadata,
    compound_column(),
    Column("invoice_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("person_id", Uuid),
    Column("credential_id", Uuid),
    Column("order_id", Uuid),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("compound_id", "invoice_id", "version", name="pk_invoice_event"),
    _of("invoice", "invoice_id", "fk_invoice_event_invoice"),
)

invoice_line = Table(
    "invoice_line",
    metadata,
    compound_column(),
    Column("invoice_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("line", Integer, nullable=False),
    Column("account", Text, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("budget_line_id", Uuid),
    Column("counterparty_id", Uuid),
    Column("scope", Text, nullable=False),
    Column("project", Text, nullable=False),
    PrimaryKeyConstraint("compound_id", "invoice_id", "version", "line", name="pk_invoice_line"),
    _of("invoice", "invoice_id", "fk_invoice_line_invoice"),
    CheckConstraint("amount_fen <> 0", name="ck_invoice_line_amount"),
)

invoice_platform_check = Table(
    "invoice_platform_check",
    metadata,
    compound_column(),
    Column("check_id", Uuid, nullable=False),
    Column("invoice_id", Uuid, nullable=False),
    Column("result", Text, nullable=False),
    Column("checked_at", DateTime(timezone=True), nullable=False),
    Column("checked_by", Uuid, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("compound_id", "check_id", name="pk_invoice_platform_check"),
    _of("invoice", "invoice_id", "fk_invoice_platform_check_invoice"),
    CheckConstraint(
        "result IN ('valid', 'void', 'red', 'not_found')", name="ck_invoice_platform_check_result"
    ),
    Index("ix_invoice_platform_check_invoice", "compound_id", "invoice_id"),
)

invoice_number = Table(
    "invoice_number",
    metadata,
    Column("number_hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("number_hash", name="pk_invoice_number"),
    CheckConstraint("octet_length(number_hash) = 32", name="ck_invoice_number_hash"),
)
"""Over all compounds: digests of tax numbers, and nothing that tells whose they are."""
