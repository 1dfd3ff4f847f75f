"""Bank statements, their lines, matches with the books, and alarms."""

from alembic import op

from migrations.tools import tenant

revision = "0013_banking"
down_revision = "0012_billing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE bank_statement (
            compound_id uuid NOT NULL,
            statement_id uuid NOT NULL,
            account text NOT NULL,
            profile text NOT NULL,
            file_sha256 bytea NOT NULL,
            first_on date,
            last_on date,
            opening_fen bigint,
            closing_fen bigint,
            lines integer NOT NULL,
            new_lines integer NOT NULL,
            imported_by uuid,
            imported_at timestamptz NOT NULL,
            CONSTRAINT pk_bank_statement PRIMARY KEY (compound_id, statement_id),
            CONSTRAINT uq_bank_statement_file UNIQUE (compound_id, account, file_sha256)
        )
    """)
    tenant("bank_statement", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE bank_line (
            compound_id uuid NOT NULL,
            line_id uuid NOT NULL,
            statement_id uuid NOT NULL,
            account text NOT NULL,
            booked_on date NOT NULL,
            day_index integer NOT NULL,
            amount_fen bigint NOT NULL,
            balance_fen bigint,
            counterparty_name text NOT NULL,
            counterparty_number text NOT NULL,
            memo text NOT NULL,
            reference text NOT NULL,
            state text NOT NULL,
            match_rule text,
            match_reason text NOT NULL,
            candidates uuid[] NOT NULL,
            version integer NOT NULL,
            CONSTRAINT pk_bank_line PRIMARY KEY (compound_id, line_id),
            CONSTRAINT ck_bank_line_amount CHECK (amount_fen <> 0),
            CONSTRAINT ck_bank_line_state CHECK (
                state IN ('unmatched', 'proposed', 'matched', 'alarm', 'explained')
            ),
            CONSTRAINT fk_bank_line_statement FOREIGN KEY (compound_id, statement_id)
                REFERENCES bank_statement (compound_id, statement_id)
        )
    """)
    op.execute("""
        CREATE INDEX ix_bank_line_order ON bank_line (compound_id, account, booked_on, day_index)
    """)
    op.execute("""
        CREATE INDEX ix_bank_line_waiting ON bank_line (compound_id, account)
        WHERE state IN ('unmatched', 'proposed', 'alarm')
    """)
    tenant(
        "bank_line",
        "SELECT, INSERT, UPDATE (state, match_rule, match_reason, candidates, version)",
    )
    op.execute("""
        CREATE TABLE bank_match (
            compound_id uuid NOT NULL,
            line_id uuid NOT NULL,
            entry_id uuid NOT NULL,
            account text NOT NULL,
            amount_fen bigint NOT NULL,
            rule text NOT NULL,
            reason text NOT NULL,
            matched_by uuid,
            matched_at timestamptz NOT NULL,
            booked_on date NOT NULL,
            accounting_on date NOT NULL,
            CONSTRAINT pk_bank_match PRIMARY KEY (compound_id, line_id, entry_id),
            CONSTRAINT ck_bank_match_amount CHECK (amount_fen <> 0),
            CONSTRAINT fk_bank_match_line FOREIGN KEY (compound_id, line_id)
                REFERENCES bank_line (compound_id, line_id)
        )
    """)
    op.execute("CREATE INDEX ix_bank_match_entry ON bank_match (compound_id, account, entry_id)")
    tenant("bank_match", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE unidentified_receipt (
            compound_id uuid NOT NULL,
            line_id uuid NOT NULL,
            entry_id uuid NOT NULL,
            fund text NOT NULL,
            amount_fen bigint NOT NULL,
            receipt_id uuid,
            identified_at timestamptz,
            CONSTRAINT pk_unidentified_receipt PRIMARY KEY (compound_id, line_id),
            CONSTRAINT ck_unidentified_receipt_amount CHECK (amount_fen > 0),
            CONSTRAINT fk_unidentified_receipt_line FOREIGN KEY (compound_id, line_id)
                REFERENCES bank_line (compound_id, line_id)
        )
    """)
    tenant("unidentified_receipt", "SELECT, INSERT, UPDATE (receipt_id, identified_at)")
    op.execute("""
        CREATE TABLE alarm (
            compound_id uuid NOT NULL,
            alarm_id uuid NOT NULL,
            line_id uuid NOT NULL,
            reason text NOT NULL,
            state text NOT NULL,
            raised_at timestamptz NOT NULL,
            cleared_at timestamptz,
            cleared_by uuid,
            act_id uuid,
            explanation text NOT NULL,
            CONSTRAINT pk_alarm PRIMARY KEY (compound_id, alarm_id),
            CONSTRAINT uq_alarm_line UNIQUE (compound_id, line_id),
            CONSTRAINT ck_alarm_state CHECK (
                (state = 'open' AND cleared_at IS NULL)
                OR (state = 'cleared' AND cleared_at IS NOT NULL)
            ),
            CONSTRAINT fk_alarm_line FOREIGN KEY (compound_id, line_id)
                REFERENCES bank_line (compound_id, line_id)
        )
    """)
    tenant(
        "alarm",
        "SELECT, INSERT, UPDATE (state, cleared_at, cleared_by, act_id, explanation)",
    )
