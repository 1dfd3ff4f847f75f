"""Where votes, rolls, ballots and counts rest."""

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
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from trustprop.plumbing.schema import compound_column, metadata

vote = Table(
    "vote",
    metadata,
    compound_column(),
    Column("vote_id", Uuid, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("is_rehearsal", Boolean, nullable=False),
    Column("record_on", Date, nullable=False),
    Column("policy", JSONB, nullable=False),
    Column("roll_digest", LargeBinary, nullable=False),
    Column("heads", Integer, nullable=False),
    Column("area_dm2", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("opens_at", DateTime(timezone=True)),
    Column("closes_at", DateTime(timezone=True)),
    Column("sealing_key", LargeBinary, nullable=False),
    Column("box_size", Integer, nullable=False),
    Column("box_start", LargeBinary, nullable=False),
    Column("box_head", LargeBinary, nullable=False),
    Column("prepared_by", Uuid),
    Column("prepared_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_reason", Text, nullable=False, server_default=text("''")),
    PrimaryKeyConstraint("compound_id", "vote_id", name="pk_vote"),
    ForeignKeyConstraint(["compound_id"], ["compound.compound_id"], name="fk_vote_compound"),
    CheckConstraint(
        "state IN ('prepared', 'open', 'closed', 'counted', 'abandoned')", name="ck_vote_state"
    ),
    CheckConstraint(
        "(opens_at IS NULL) = (closes_at IS NULL) AND opens_at < closes_at AND (state IN ('prepared', 'abandoned') OR opens_at IS NOT NULL)",
        name="ck_vote_window",
    ),
    CheckConstraint(
        "length(roll_digest) = 32 AND length(sealing_key) = 32 AND length(box_start) = 32 AND length(box_head) = 32",
        name="ck_vote_digests",
    ),
    CheckConstraint("heads > 0 AND area_dm2 > 0 AND box_size >= 0", name="ck_vote_totals"),
    Index("ix_vote_subject", "compound_id", "subject_id"),
)

vote_question = Table(
    "vote_question",
    metadata,
    compound_column(),
    Column("vote_id", Uuid, nullable=False),
    Column("question_id", Uuid, nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("majority", Text, nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("building", Text, nullable=False),
    Column("stair", Text, nullable=False),
    Column("is_secret", Boolean, nullable=False),
    Column("seats", Integer, nullable=False),
    Column("candidates", JSONB, nullable=False),
    PrimaryKeyConstraint("compound_id", "vote_id", "question_id", name="pk_vote_question"),
    ForeignKeyConstraint(
        ["compound_id", "vote_id"],
        ["vote.compound_id", "vote.vote_id"],
        name="fk_vote_question_vote",
    ),
    CheckConstraint("kind IN ('motion', 'election')", name="ck_vote_question_kind"),
    CheckConstraint(
        "majority IN ('ordinary', 'special', 'unanimous')", name="ck_vote_question_majority"
    ),
    Index("uq_vote_question_position", "compound_id", "vote_id", "position", unique=True),
)

roll_voter = Table(
    "roll_voter",
    metadata,
    compound_column(),
    Column("vote_id", Uuid, nullable=False),
    Column("voter_id", Uuid, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("owner_ids", ARRAY(Uuid), nullable=False),
    Column("is_developer", Boolean, nullable=False),
    PrimaryKeyConstraint("compound_id", "vote_id", "voter_id", name="pk_roll_voter"),
    ForeignKeyConstraint(
        ["compound_id", "vote_id"], ["vote.compound_id", "vote.vote_id"], name="fk_roll_voter_vote"
    ),
    Index("uq_roll_voter_serial", "compound_id", "vote_id", "serial", unique=True),
)

roll_home = Table(
    "roll_home",
    metadata,
    compound_column(),
    Column("vote_id", Uuid, nullable=False),
    Column("home_id", Uuid, nullable=False),
    Column("voter_id", Uuid, nullable=False),
    Column("place", Integer, nullable=False),
    Column("building", Text, nullable=False),
    Column("stair", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("area_dm2", BigInteger, nullable=False),
    PrimaryKeyConstraint("compound_id", "vote_id", "home_id", name="pk_roll_home"),
    ForeignKeyConstraint(
        ["compound_id", "vote_id", "voter_id"],
        ["roll_voter.compound_id", "roll_voter.vote_id", "roll_voter.voter_id"],
        name="fk_roll_home_voter",
    ),
    CheckConstraint("area_dm2 > 0", name="ck_roll_home_area_dm2"),
    Index("ix_roll_home_voter", "compound_id", "vote_id", "voter_id"),
)

ballot_paper = Table(
    "ballot_paper",
    metadata,
    compound_column(),
    Column("vote_id", Uuid, nullable=False),
    Column("voter_id", Uuid, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("issued_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "vote_id", "voter_id", name="pk_ballot_paper"),
    ForeignKeyConstraint(
        ["compound_id", "vote_id", "voter_id"],
        ["roll_voter.compound_id", "roll_voter.vote_id", "roll_voter.voter_id"],
        name="fk_ballot_paper_voter",
    ),
    CheckConstraint("length(code_hash) = 32", name="ck_ballot_paper_code_hash"),
    Index("uq_ballot_paper_code_hash", "compound_id", "vote_id", "code_hash", unique=True),
)

ballot_delivery = Table(
    "ballot_delivery",
    metadata,
    compound_column(),
    Column("delivery_id", Uuid, nullable=False),
    Column("vote_id", Uuid, nullable=False),
    Column("voter_id", Uuid, nullable=False),
    Column("method", Text, nullable=False),
    Column("delivered_at", DateTime(timezone=True), nullable=False),
    Column("recorded_by", Uuid, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("evidence", ARRAY(Text), nullable=False),
    Column("has_warning", Boolean, nullable=False),
    PrimaryKeyConstraint("compound_id", "delivery_id", name="pk_ballot_delivery"),
    ForeignKeyConstraint(
        ["compound_id", "vote_id", "voter_id"],
        ["roll_voter.compound_id", "roll_voter.vote_id", "roll_voter.voter_id"],
        name="fk_ballot_delivery_voter",
    ),
    CheckConstraint(
        "method IN ('hand', 'post', 'electronic', 'posting')", name="ck_ballot_delivery_method"
    ),
    CheckConstraint("cardinality(evidence) > 0", name="ck_ballot_delivery_evidence"),
    Index("ix_ballot_delivery_voter", "compound_id", "vote_id", "voter_id"),
)

voter_appointment = Table(
    "voter_appointment",
    metadata,
    compound_column(),
    Column("appointment_id", Uuid, nullable=False),
    Column("vote_id", Uuid, nullable=False),
    Column("voter_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("evidence", ARRAY(Text), nullable=False),
    Column("recorded_by", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "appointment_id", name="pk_voter_appointment"),
    ForeignKeyConstraint(
        ["compound_id", "vote_id", "voter_id"],
        ["roll_voter.compound_id", "roll_voter.vote_id", "roll_voter.voter_id"],
        name="fk_voter_appointment_voter",
    ),
    Index(
        "uq_voter_appointment_number", "compound_id", "vote_id", "voter_id", "number", unique=True
    ),
)

proxy = Table(
    "proxy",
    metadata,
    compound_column(),
    Column("proxy_id", Uuid, nullable=False),
    Column("vote_id", Uuid, nullable=False),
    Column("voter_id", Uuid, nullable=False),
    Column("holder_name", Text, nullable=False),
    Column("holder_commitment", LargeBinary, nullable=False),
    Column("holder_person_id", Uuid),
    Column("evidence", ARRAY(Text), nullable=False),
    Column("recorded_by", Uuid, nullable=False),
    Column("given_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "proxy_id", name="pk_proxy"),
    ForeignKeyConstraint(
        ["compound_id", "vote_id", "voter_id"],
        ["roll_voter.compound_id", "roll_voter.vote_id", "roll_voter.voter_id"],
        name="fk_proxy_voter",
    ),
    Index("ix_proxy_vote", "compound_id", "vote_id", "holder_commitment"),
)

proxy_end = Table(
    "proxy_end",
    metadata,
    compound_column(),
    Column("proxy_id", Uuid, nullable=False),
    Column("ended_at", DateTime(timezone=True), nullable=False),
    Column("ended_by", Uuid, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("compound_id", "proxy_id", name="pk_proxy_end"),
    ForeignKeyConstraint(
        ["compound_id", "proxy_id"],
        ["proxy.compound_id", "proxy.proxy_id"],
        name="fk_proxy_end_proxy",
    ),
)

ballot = Table(
    "ballot",
    metadata,
    compound_column(),
    Column("vote_id", Uuid, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("ballot_id", Uuid, nullable=False),
    Column("voter_id", Uuid, nullable=False),
    Column("owner_id", Uuid),
    Column("channel", Text, nullable=False),
    Column("proxy_id", Uuid),
    Column("cast_at", DateTime(timezone=True), nullable=False),
    Column("recorded_by", Uuid, nullable=False),
    Column("flaw", Text),
    Column("content", LargeBinary, nullable=False),
    Column("is_sealed", Boolean, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Column("paper_round", Integer),
    Column("evidence", ARRAY(Text), nullable=False),
    PrimaryKeyConstraint("compound_id", "vote_id", "sequence", name="pk_ballot"),
    ForeignKeyConstraint(
        ["compound_id", "vote_id", "voter_id"],
        ["roll_voter.compound_id", "roll_voter.vote_id", "roll_voter.voter_id"],
        name="fk_ballot_voter",
    ),
    ForeignKeyConstraint(
        ["compound_id", "proxy_id"], ["proxy.compound_id", "proxy.proxy_id"], name="fk_ballot_proxy"
    ),
    CheckConstraint(
        "channel IN ('online', 'paper', 'proxy') AND (channel = 'proxy') = (proxy_id IS NOT NULL)",
        name="ck_ballot_channel",
    ),
    CheckConstraint(
        "flaw IN ('unsigned', 'ambiguous', 'damaged', 'not_official') AND paper_round IS NOT NULL OR flaw IS NULL",
        name="ck_ballot_flaw",
    ),
    CheckConstraint("length(digest) = 32 AND length(chain) = 32", name="ck_ballot_digests"),
    Index("uq_ballot_ballot_id", "compound_id", "ballot_id", unique=True),
    Index("ix_ballot_voter", "compound_id", "vote_id", "voter_id"),
)

ballot_event = Table(
    "ballot_event",
    metadata,
    compound_column(),
    Column("ballot_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("vote_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("by", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", ARRAY(Text), nullable=False),
    PrimaryKeyConstraint("compound_id", "ballot_id", "number", name="pk_ballot_event"),
    ForeignKeyConstraint(
        ["compound_id", "vote_id"],
        ["vote.compound_id", "vote.vote_id"],
        name="fk_ballot_event_vote",
    ),
    CheckConstraint(
        "kind IN ('objected', 'struck', 'upheld', 'found_invalid')", name="ck_ballot_event_kind"
    ),
    Index("ix_ballot_event_vote", "compound_id", "vote_id"),
)

paper_entry = Table(
    "paper_entry",
    metadata,
    compound_column(),
    Column("entry_id", Uuid, nullable=False),
    Column("vote_id", Uuid, nullable=False),
    Column("voter_id", Uuid, nullable=False),
    Column("round", Integer, nullable=False),
    Column("entered_by", Uuid, nullable=False),
    Column("reading", LargeBinary, nullable=False),
    Column("scan", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "entry_id", name="pk_paper_entry"),
    ForeignKeyConstraint(
        ["compound_id", "vote_id", "voter_id"],
        ["roll_voter.compound_id", "roll_voter.vote_id", "roll_voter.voter_id"],
        name="fk_paper_entry_voter",
    ),
    CheckConstraint("length(reading) = 32", name="ck_paper_entry_reading"),
    Index(
        "uq_paper_entry_reader",
        "compound_id",
        "vote_id",
        "voter_id",
        "round",
        "entered_by",
        unique=True,
    ),
)

voter_notice = Table(
    "voter_notice",
    metadata,
    compound_column(),
    Column("vote_id", Uuid, nullable=False),
    Column("voter_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "vote_id", "voter_id", "number", name="pk_voter_notice"),
    ForeignKeyConstraint(
        ["compound_id", "vote_id", "voter_id"],
        ["roll_voter.compound_id", "roll_voter.vote_id", "roll_voter.voter_id"],
        name="fk_voter_notice_voter",
    ),
)

vote_count = Table(
    "vote_count",
    metadata,
    compound_column(),
    Column("vote_id", Uuid, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("tree_size", Integer, nullable=False),
    Column("counted_at", DateTime(timezone=True), nullable=False),
    Column("counted_by", Uuid, nullable=False),
    PrimaryKeyConstraint("compound_id", "vote_id", name="pk_vote_count"),
    ForeignKeyConstraint(
        ["compound_id", "vote_id"], ["vote.compound_id", "vote.vote_id"], name="fk_vote_count_vote"
    ),
    CheckConstraint("digest = sha256(document)", name="ck_vote_count_digest"),
)

count_witness = Table(
    "count_witness",
    metadata,
    compound_column(),
    Column("vote_id", Uuid, nullable=False),
    Column("number", Integer, nullable=False),
    Column("role", Text, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("voter_id", Uuid),
    Column("key_id", Text),
    Column("signature", LargeBinary),
    Column("evidence", ARRAY(Text), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "vote_id", "number", name="pk_count_witness"),
    ForeignKeyConstraint(
        ["compound_id", "vote_id"],
        ["vote_count.compound_id", "vote_count.vote_id"],
        name="fk_count_witness_count",
    ),
    CheckConstraint(
        "role = 'committee' AND voter_id IS NULL AND signature IS NOT NULL AND key_id IS NOT NULL OR role = 'owner' AND voter_id IS NOT NULL AND signature IS NULL AND key_id IS NULL",
        name="ck_count_witness_role",
    ),
    Index(
        "uq_count_witness_member",
        "compound_id",
        "vote_id",
        "person_id",
        unique=True,
        postgresql_where=text("role = 'committee'"),
    ),
    Index(
        "uq_count_witness_owner",
        "compound_id",
        "vote_id",
        "voter_id",
        unique=True,
        postgresql_where=text("role = 'owner'"),
    ),
)
