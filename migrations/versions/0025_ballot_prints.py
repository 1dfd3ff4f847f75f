"""Ballots printed for everybody: what was asked for, and each chunk as it comes from the press."""

from migrations.tools import script, tenant

revision = "0025_ballot_prints"
down_revision = "0024_acceptances"
branch_labels = None
depends_on = None

PRINTS = """
CREATE TABLE ballot_print (
    compound_id uuid NOT NULL,
    print_id uuid NOT NULL,
    meeting_id uuid NOT NULL,
    vote_id uuid NOT NULL,
    lang text NOT NULL,
    ballots integer NOT NULL,
    asked_by uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    CONSTRAINT pk_ballot_print PRIMARY KEY (compound_id, print_id),
    CONSTRAINT fk_ballot_print_meeting FOREIGN KEY (compound_id, meeting_id)
        REFERENCES meeting (compound_id, meeting_id),
    CONSTRAINT fk_ballot_print_vote FOREIGN KEY (compound_id, vote_id)
        REFERENCES vote (compound_id, vote_id),
    CONSTRAINT ck_ballot_print_lang CHECK (lang IN ('zh', 'en')),
    CONSTRAINT ck_ballot_print_ballots CHECK (ballots > 0)
);
CREATE TABLE ballot_print_chunk (
    compound_id uuid NOT NULL,
    print_id uuid NOT NULL,
    number integer NOT NULL,
    first_serial integer NOT NULL,
    last_serial integer NOT NULL,
    ballots integer NOT NULL,
    pages integer NOT NULL,
    sha256 bytea NOT NULL,
    size integer NOT NULL,
    printed_at timestamptz NOT NULL,
    CONSTRAINT pk_ballot_print_chunk PRIMARY KEY (compound_id, print_id, number),
    CONSTRAINT fk_ballot_print_chunk_print FOREIGN KEY (compound_id, print_id)
        REFERENCES ballot_print (compound_id, print_id),
    CONSTRAINT ck_ballot_print_chunk_number CHECK (number > 0),
    CONSTRAINT ck_ballot_print_chunk_serials CHECK (first_serial > 0 AND last_serial >= first_serial),
    CONSTRAINT ck_ballot_print_chunk_pages CHECK (ballots > 0 AND pages >= ballots),
    CONSTRAINT ck_ballot_print_chunk_sha256 CHECK (length(sha256) = 32 AND size > 0)
);
"""


def upgrade() -> None:
    script(PRINTS)
    tenant("ballot_print", "SELECT, INSERT", append_only=True)
    tenant("ballot_print_chunk", "SELECT, INSERT", append_only=True)
