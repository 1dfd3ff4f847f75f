"""Where meetings rest: steps, supports and motions. The trigger ``meeting_keeps_what_was_posted``
refuses to change what a notice has said; ``motion_is_frozen`` what an agenda holds.
"""

from sqlalchemy import (
    ARRAY,
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
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from trustprop.plumbing.schema import compound_column, metadata

meeting = Table(
    "meeting",
    metadata,
    compound_column(),
    Column("meeting_id", Uuid, nullable=False),
    Column("year", Integer, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("called_by", Text, nullable=False),
    Column("is_rehearsal", Boolean, nullable=False),
    Column("proposed_by", Uuid, nullable=False),
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    Column("agenda_digest", Text),
    Column("vote_id", Uuid),
    Column("record_on", Date),
    Column("notice_on", Date),
    Column("opens_at", DateTime(timezone=True)),
    Column("closes_at", DateTime(timezone=True)),
    Column("extensions", Integer, nullable=False),
    Column("chair_id", Uuid),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_reason", Text),
    PrimaryKeyConstraint("compound_id", "meeting_id", name="pk_meeting"),
    UniqueConstraint("compound_id", "meeting_id", "is_rehearsal", name="uq_meeting_rehearsal"),
    ForeignKeyConstraint(["compound_id"], ["compound.compound_id"], name="fk_meeting_compound"),
    CheckConstraint("kind IN ('annual', 'extraordinary')", name="ck_meeting_kind"),
    CheckConstraint("form IN ('assembly', 'written', 'online')", name="ck_meeting_form"),
    CheckConstraint("called_by IN ('committee', 'owners')", name="ck_meeting_called_by"),
    CheckConstraint("(ended_at IS NULL) = (ended_reason IS NULL)", name="ck_meeting_ended"),
    CheckConstraint("(vote_id IS NULL) = (record_on IS NULL)", name="ck_meeting_roll"),
    CheckConstraint(
        "num_nonnulls(notice_on, opens_at, closes_at) IN (0, 3) "
        "AND (notice_on IS NULL OR (agenda_digest IS NOT NULL AND record_on = notice_on "
        "AND opens_at < closes_at))",
        name="ck_meeting_notice",
    ),
    Index("uq_meeting_number", "compound_id", "is_rehearsal", "year", "serial", unique=True),
    Index("uq_meeting_vote", "compound_id", "vote_id", unique=True),
)

meeting_step = Table(
    "meeting_step",
    metadata,
    compound_column(),
    Column("meeting_id", Uuid, nullable=False),
    Column("step", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("done_at", DateTime(timezone=True), nullable=False),
    Column("done_by", Uuid),
    Column("facts", JSONB, nullable=False),
    Column("evidence", ARRAY(Text), nullable=False),
    PrimaryKeyConstraint("compound_id", "meeting_id", "step", "number", name="pk_meeting_step"),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id"],
        ["meeting.compound_id", "meeting.meeting_id"],
        name="fk_meeting_step_meeting",
    ),
    CheckConstraint(
        "step IN ('proposal', 'screening', 'agenda', 'roll', 'notice', 'debate', 'ballots_out', "
        "'ballots_in', 'close', 'count', 'tally', 'posting', 'objections', 'filing', 'effect', "
        "'revocation_window')",
        name="ck_meeting_step_step",
    ),
    CheckConstraint(
        "number = 1 OR (number > 1 AND step IN ('roll', 'ballots_in'))",
        name="ck_meeting_step_number",
    ),
)

meeting_support = Table(
    "meeting_support",
    metadata,
    compound_column(),
    Column("meeting_id", Uuid, nullable=False),
    Column("home_id", Uuid, nullable=False),
    Column("person_id", Uuid),
    Column("recorded_by", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("evidence", ARRAY(Text), nullable=False),
    PrimaryKeyConstraint("compound_id", "meeting_id", "home_id", name="pk_meeting_support"),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id"],
        ["meeting.compound_id", "meeting.meeting_id"],
        name="fk_meeting_support_meeting",
    ),
    ForeignKeyConstraint(
        ["compound_id", "home_id"],
        ["home.compound_id", "home.home_id"],
        name="fk_meeting_support_home",
    ),
    CheckConstraint(
        "person_id IS NOT NULL OR cardinality(evidence) > 0", name="ck_meeting_support_proof"
    ),
)

motion = Table(
    "motion",
    metadata,
    compound_column(),
    Column("motion_id", Uuid, nullable=False),
    Column("meeting_id", Uuid, nullable=False),
    Column("position", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("matter", Text, nullable=False),
    Column("majority", Text, nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("moved_by", Uuid, nullable=False),
    Column("is_moved_by_committee", Boolean, nullable=False),
    Column("moved_at", DateTime(timezone=True), nullable=False),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("digest", Text),
    PrimaryKeyConstraint("compound_id", "motion_id", name="pk_motion"),
    UniqueConstraint("compound_id", "meeting_id", "motion_id", name="uq_motion_meeting"),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id"],
        ["meeting.compound_id", "meeting.meeting_id"],
        name="fk_motion_meeting",
    ),
    CheckConstraint("content ->> 'matter' = matter", name="ck_motion_matter"),
    CheckConstraint(
        "(majority = 'unanimous') = (matter = 'change_to_business') "
        "AND (majority <> 'ordinary' OR matter NOT IN "
        "('maintenance_fund_raise', 'common_part_business', 'reconstruct'))",
        name="ck_motion_majority",
    ),
    Index("uq_motion_position", "compound_id", "meeting_id", "position", unique=True),
)

motion_second = Table(
    "motion_second",
    metadata,
    compound_column(),
    Column("motion_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint(
        "compound_id", "motion_id", "version", "person_id", name="pk_motion_second"
    ),
    ForeignKeyConstraint(
        ["compound_id", "motion_id"],
        ["motion.compound_id", "motion.motion_id"],
        name="fk_motion_second_motion",
    ),
)

speech = Table(
    "speech",
    metadata,
    compound_column(),
    Column("speech_id", Uuid, nullable=False),
    Column("meeting_id", Uuid, nullable=False),
    Column("motion_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("stance", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("compound_id", "speech_id", name="pk_speech"),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id", "motion_id"],
        ["motion.compound_id", "motion.meeting_id", "motion.motion_id"],
        name="fk_speech_motion",
    ),
    CheckConstraint("stance IN ('for', 'against', 'question')", name="ck_speech_stance"),
    CheckConstraint(
        "ended_at IS NULL OR (started_at IS NOT NULL "
        "AND ended_at <= started_at + interval '2 minutes')",
        name="ck_speech_two_minutes",
    ),
    Index("ix_speech_meeting", "compound_id", "meeting_id", "asked_at"),
)

deliberation = Table(
    "deliberation",
    metadata,
    compound_column(),
    Column("deliberation_id", Uuid, nullable=False),
    Column("meeting_id", Uuid, nullable=False),
    Column("motion_id", Uuid),
    Column("question", Text, nullable=False),
    Column("opened_by", Uuid, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("compound_id", "deliberation_id", name="pk_deliberation"),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id"],
        ["meeting.compound_id", "meeting.meeting_id"],
        name="fk_deliberation_meeting",
    ),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id", "motion_id"],
        ["motion.compound_id", "motion.meeting_id", "motion.motion_id"],
        name="fk_deliberation_motion",
    ),
    Index("ix_deliberation_meeting", "compound_id", "meeting_id", "opened_at"),
)

deliberation_vote = Table(
    "deliberation_vote",
    metadata,
    compound_column(),
    Column("deliberation_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("choice", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint(
        "compound_id", "deliberation_id", "person_id", name="pk_deliberation_vote"
    ),
    ForeignKeyConstraint(
        ["compound_id", "deliberation_id"],
        ["deliberation.compound_id", "deliberation.deliberation_id"],
        name="fk_deliberation_vote_deliberation",
    ),
    CheckConstraint("choice IN ('for', 'against', 'abstain')", name="ck_deliberation_vote_choice"),
)

meeting_remark = Table(
    "meeting_remark",
    metadata,
    compound_column(),
    Column("remark_id", Uuid, nullable=False),
    Column("meeting_id", Uuid, nullable=False),
    Column("motion_id", Uuid),
    Column("written_by", Uuid, nullable=False),
    Column("written_for", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "remark_id", name="pk_meeting_remark"),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id"],
        ["meeting.compound_id", "meeting.meeting_id"],
        name="fk_meeting_remark_meeting",
    ),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id", "motion_id"],
        ["motion.compound_id", "motion.meeting_id", "motion.motion_id"],
        name="fk_meeting_remark_motion",
    ),
    Index("ix_meeting_remark_meeting", "compound_id", "meeting_id", "at"),
)

meeting_objection = Table(
    "meeting_objection",
    metadata,
    compound_column(),
    Column("objection_id", Uuid, nullable=False),
    Column("meeting_id", Uuid, nullable=False),
    Column("target", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("evidence", ARRAY(Text), nullable=False),
    Column("raised_by", Uuid, nullable=False),
    Column("raised_at", DateTime(timezone=True), nullable=False),
    Column("answer", Text),
    Column("is_upheld", Boolean),
    Column("answer_evidence", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("answered_by", Uuid),
    Column("answered_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("compound_id", "objection_id", name="pk_meeting_objection"),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id"],
        ["meeting.compound_id", "meeting.meeting_id"],
        name="fk_meeting_objection_meeting",
    ),
    CheckConstraint("target IN ('roll', 'result')", name="ck_meeting_objection_target"),
    CheckConstraint(
        "num_nonnulls(answer, is_upheld, answered_by, answered_at) IN (0, 4)",
        name="ck_meeting_objection_answer",
    ),
    Index("ix_meeting_objection_meeting", "compound_id", "meeting_id", "raised_at"),
)

filing = Table(
    "filing",
    metadata,
    compound_column(),
    Column("filing_id", Uuid, nullable=False),
    Column("meeting_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("filed_on", Date, nullable=False),
    Column("receipt_number", Text, nullable=False),
    Column("evidence", ARRAY(Text), nullable=False),
    Column("recorded_by", Uuid, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "filing_id", name="pk_filing"),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id"],
        ["meeting.compound_id", "meeting.meeting_id"],
        name="fk_filing_meeting",
    ),
    CheckConstraint("kind IN ('members', 'texts', 'decisions')", name="ck_filing_kind"),
    Index("ix_filing_meeting", "compound_id", "meeting_id"),
)

handover = Table(
    "handover",
    metadata,
    compound_column(),
    Column("handover_id", Uuid, nullable=False),
    Column("meeting_id", Uuid, nullable=False),
    Column("motion_id", Uuid, nullable=False),
    Column("handed_on", Date, nullable=False),
    Column("items", ARRAY(Text), nullable=False),
    Column("evidence", ARRAY(Text), nullable=False),
    Column("recorded_by", Uuid, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "handover_id", name="pk_handover"),
    ForeignKeyConstraint(
        ["compound_id", "meeting_id", "motion_id"],
        ["motion.compound_id", "motion.meeting_id", "motion.motion_id"],
        name="fk_handover_motion",
    ),
    CheckConstraint("cardinality(items) > 0", name="ck_handover_items"),
    CheckConstraint("cardinality(evidence) > 0", name="ck_handover_evidence"),
    Index("uq_handover_motion", "compound_id", "motion_id", unique=True),
)

follow_up = Table(
    "follow_up",
    metadata,
    compound_column(),
    Column("follow_up_id", Uuid, nullable=False),
    Column("resolution_id", Uuid, nullable=False),
    Column("done_on", Date, nullable=False),
    Column("body", Text, nullable=False),
    Column("evidence", ARRAY(Text), nullable=False),
    Column("written_by", Uuid, nullable=False),
    Column("written_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("compound_id", "follow_up_id", name="pk_follow_up"),
    ForeignKeyConstraint(
        ["compound_id", "resolution_id"],
        ["resolution.compound_id", "resolution.resolution_id"],
        name="fk_follow_up_resolution",
    ),
    Index("ix_follow_up_resolution", "compound_id", "resolution_id", "done_on"),
)
