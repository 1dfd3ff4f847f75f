"""Ballots as they come from the press."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)

from trustprop.plumbing.schema import compound_column, metadata

ballot_print = Table(
    "ballot_print",
    metadata,
    compound_column(),
    Column("print_id", Uuid, nullable=False),
    Column("meeting_id", Uuid, nullable=False),
    Column("vote_id", Uuid, nullable=False),
    Column("lang", Text, nullable=False),
    Column("ballots", Integer, nullable=False),
    Column("asked_by", Uuid, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "print_id", name="pk_ballot_print"),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id"],
        ["meeting.compound_id", "meeting.meeting_id"],
        name="fk_ballot_print_meeting",
    ),
    ForeignKeyConstraint(
        ["compound_id", "vote_id"],
        ["vote.compound_id", "vote.vote_id"],
        name="fk_ballot_print_vote",
    ),
    CheckConstraint("lang IN ('zh', 'en')", name="ck_ballot_print_lang"),
    CheckConstraint("ballots > 0", name="ck_ballot_print_ballots"),
)

ballot_print_chunk = Table(
    "ballot_print_chunk",
    metadata,
    compound_column(),
    Column("print_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("first_serial", Integer, nullable=False),
    Column("last_serial", Integer, nullable=False),
    Column("ballots", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("printed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "print_id", "number", name="pk_ballot_print_chunk"),
    ForeignKeyConstraint(
        ["compound_id", "print_id"],
        ["ballot_print.compound_id", "ballot_print.print_id"],
        name="fk_ballot_print_chunk_print",
    ),
    CheckConstraint("number > 0", name="ck_ballot_print_chunk_number"),
    CheckConstraint(
        "first_serial > 0 AND last_serial >= first_serial", name="ck_ballot_print_chunk_serials"
    ),
    CheckConstraint("ballots > 0 AND pages >= ballots", name="ck_ballot_print_chunk_pages"),
    CheckConstraint("length(sha256) = 32 AND size > 0", name="ck_ballot_print_chunk_sha256"),
)
