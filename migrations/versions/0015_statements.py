"""The month: its close, its published statement, its prints, and errata."""

from migrations.tools import script, tenant

revision = "0015_statements"
down_revision = "0014_inquiries"
branch_labels = None
depends_on = None

CLOSE = """
CREATE TABLE period_close (
    compound_id uuid NOT NULL,
    act_id uuid NOT NULL,
    period integer NOT NULL,
    state text NOT NULL,
    tree_size bigint NOT NULL,
    root bytea NOT NULL,
    trial_balance_digest bytea NOT NULL,
    figures_digest bytea NOT NULL,
    figures bytea NOT NULL,
    drafted_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT pk_period_close PRIMARY KEY (compound_id, act_id),
    CONSTRAINT fk_period_close_act FOREIGN KEY (compound_id, act_id)
        REFERENCES act (compound_id, act_id),
    CONSTRAINT ck_period_close_state CHECK (state IN ('open', 'closed', 'ended')),
    CONSTRAINT ck_period_close_ended CHECK ((state = 'open') = (ended_at IS NULL)),
    CONSTRAINT ck_period_close_figures CHECK (figures_digest = sha256(figures))
);
CREATE UNIQUE INDEX uq_period_close_period ON period_close (compound_id, period)
    WHERE state <> 'ended';
"""

STATEMENT = """
CREATE TABLE statement (
    compound_id uuid NOT NULL,
    year integer NOT NULL,
    serial integer NOT NULL,
    period integer NOT NULL,
    act_id uuid NOT NULL,
    tree_size bigint NOT NULL,
    document bytea NOT NULL,
    digest bytea NOT NULL,
    previous_digest bytea,
    journal bytea NOT NULL,
    note text NOT NULL,
    published_at timestamptz NOT NULL,
    CONSTRAINT pk_statement PRIMARY KEY (compound_id, year, serial),
    CONSTRAINT uq_statement_period UNIQUE (compound_id, period),
    CONSTRAINT fk_statement_close FOREIGN KEY (compound_id, act_id)
        REFERENCES period_close (compound_id, act_id),
    CONSTRAINT ck_statement_serial CHECK (serial > 0),
    CONSTRAINT ck_statement_digest CHECK (digest = sha256(document))
);

CREATE TABLE statement_print (
    compound_id uuid NOT NULL,
    year integer NOT NULL,
    serial integer NOT NULL,
    lang text NOT NULL,
    sha256 bytea NOT NULL,
    size integer NOT NULL,
    CONSTRAINT pk_statement_print PRIMARY KEY (compound_id, year, serial, lang),
    CONSTRAINT fk_statement_print_statement FOREIGN KEY (compound_id, year, serial)
        REFERENCES statement (compound_id, year, serial),
    CONSTRAINT ck_statement_print_lang CHECK (lang IN ('zh', 'en'))
);

CREATE TABLE erratum (
    compound_id uuid NOT NULL,
    erratum_id uuid NOT NULL,
    year integer NOT NULL,
    serial integer NOT NULL,
    entry_id uuid NOT NULL,
    period integer NOT NULL,
    explanation text NOT NULL,
    recorded_by uuid,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT pk_erratum PRIMARY KEY (compound_id, erratum_id),
    CONSTRAINT uq_erratum_entry UNIQUE (compound_id, entry_id),
    CONSTRAINT fk_erratum_statement FOREIGN KEY (compound_id, year, serial)
        REFERENCES statement (compound_id, year, serial),
    CONSTRAINT fk_erratum_entry FOREIGN KEY (compound_id, entry_id)
        REFERENCES entry (compound_id, entry_id)
);
CREATE INDEX ix_erratum_period ON erratum (compound_id, period);
"""


def upgrade() -> None:
    script(CLOSE)
    script(STATEMENT)
    tenant("period_close", "SELECT, INSERT, UPDATE (state, ended_at)")
    tenant("statement", "SELECT, INSERT", append_only=True)
    tenant("statement_print", "SELECT, INSERT", append_only=True)
    tenant("erratum", "SELECT, INSERT", append_only=True)
