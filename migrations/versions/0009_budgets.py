"""Budgets: documents with lines, their control in the books, movements and lawful changes."""

from alembic import op

from migrations.tools import tenant

revision = "0009_budgets"
down_revision = "0008_funds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _documents()
    _control()
    _changes()


def _documents() -> None:
    op.execute("""
        CREATE TABLE budget (
            compound_id uuid NOT NULL,
            budget_id uuid NOT NULL,
            year integer NOT NULL,
            title text NOT NULL,
            state text NOT NULL,
            version integer NOT NULL,
            warning_percent integer NOT NULL,
            drafted_by uuid,
            drafted_at timestamptz NOT NULL,
            consulting_since timestamptz,
            adopted_at timestamptz,
            resolution_id uuid,
            CONSTRAINT pk_budget PRIMARY KEY (compound_id, budget_id),
            CONSTRAINT ck_budget_state
                CHECK (state IN ('draft', 'consulting', 'adopted', 'superseded')),
            CONSTRAINT ck_budget_adopted
                CHECK (state <> 'adopted' OR (resolution_id IS NOT NULL AND adopted_at IS NOT NULL)),
            CONSTRAINT ck_budget_warning_percent CHECK (warning_percent BETWEEN 0 AND 100)
        )
    """)
    op.execute("""
        CREATE UNIQUE INDEX uq_budget_adopted_year ON budget (compound_id, year)
        WHERE state = 'adopted'
    """)
    op.execute("""
        CREATE TABLE budget_line (
            compound_id uuid NOT NULL,
            line_id uuid NOT NULL,
            budget_id uuid NOT NULL,
            code text NOT NULL,
            title text NOT NULL,
            account text NOT NULL,
            fund text NOT NULL,
            category text NOT NULL,
            scope text NOT NULL,
            amount_fen bigint NOT NULL,
            assumption text NOT NULL,
            service_standard text NOT NULL,
            used_before_fen bigint NOT NULL,
            encumbered_before_fen bigint NOT NULL,
            added_by uuid,
            CONSTRAINT pk_budget_line PRIMARY KEY (compound_id, line_id),
            CONSTRAINT uq_budget_line_code UNIQUE (compound_id, budget_id, code),
            CONSTRAINT fk_budget_line_budget FOREIGN KEY (compound_id, budget_id)
                REFERENCES budget (compound_id, budget_id),
            CONSTRAINT fk_budget_line_fund FOREIGN KEY (compound_id, fund)
                REFERENCES fund (compound_id, code),
            CONSTRAINT fk_budget_line_account FOREIGN KEY (compound_id, account)
                REFERENCES account (compound_id, code),
            CONSTRAINT ck_budget_line_amounts CHECK (
                used_before_fen >= 0 AND encumbered_before_fen >= 0
                AND used_before_fen + encumbered_before_fen <= amount_fen
            )
        )
    """)
    op.execute("""
        CREATE TABLE budget_income (
            compound_id uuid NOT NULL,
            budget_id uuid NOT NULL,
            code text NOT NULL,
            title text NOT NULL,
            account text NOT NULL,
            fund text NOT NULL,
            amount_fen bigint NOT NULL,
            collection_percent integer NOT NULL,
            assumption text NOT NULL,
            added_by uuid,
            CONSTRAINT pk_budget_income PRIMARY KEY (compound_id, budget_id, code),
            CONSTRAINT fk_budget_income_budget FOREIGN KEY (compound_id, budget_id)
                REFERENCES budget (compound_id, budget_id),
            CONSTRAINT fk_budget_income_fund FOREIGN KEY (compound_id, fund)
                REFERENCES fund (compound_id, code),
            CONSTRAINT fk_budget_income_account FOREIGN KEY (compound_id, account)
                REFERENCES account (compound_id, code),
            CONSTRAINT ck_budget_income_amount CHECK (amount_fen >= 0),
            CONSTRAINT ck_budget_income_percent CHECK (collection_percent BETWEEN 0 AND 100)
        )
    """)
    op.execute("""
        CREATE TABLE budget_version (
            compound_id uuid NOT NULL,
            budget_id uuid NOT NULL,
            version integer NOT NULL,
            document bytea NOT NULL,
            digest bytea NOT NULL,
            saved_by uuid,
            saved_at timestamptz NOT NULL,
            CONSTRAINT pk_budget_version PRIMARY KEY (compound_id, budget_id, version),
            CONSTRAINT fk_budget_version_budget FOREIGN KEY (compound_id, budget_id)
                REFERENCES budget (compound_id, budget_id)
        )
    """)
    op.execute("""
        CREATE TABLE budget_comment (
            compound_id uuid NOT NULL,
            comment_id uuid NOT NULL,
            budget_id uuid NOT NULL,
            version integer NOT NULL,
            line_id uuid,
            person_id uuid NOT NULL,
            body text NOT NULL,
            commented_at timestamptz NOT NULL,
            answer text,
            answered_by uuid,
            answered_at timestamptz,
            CONSTRAINT pk_budget_comment PRIMARY KEY (compound_id, comment_id),
            CONSTRAINT fk_budget_comment_budget FOREIGN KEY (compound_id, budget_id)
                REFERENCES budget (compound_id, budget_id)
        )
    """)
    op.execute(
        "CREATE INDEX ix_budget_comment_budget ON budget_comment (compound_id, budget_id, comment_id)"
    )
    tenant(
        "budget",
        "SELECT, INSERT, UPDATE (title, state, version, warning_percent, consulting_since, "
        "adopted_at, resolution_id)",
    )
    # A line in force has a control row, whose foreign key keeps it; nobody may change a line.
    tenant("budget_line", "SELECT, INSERT, DELETE")
    tenant("budget_income", "SELECT, INSERT, DELETE")
    tenant("budget_version", "SELECT, INSERT", append_only=True)
    tenant("budget_comment", "SELECT, INSERT, UPDATE (answer, answered_by, answered_at)")


def _control() -> None:
    op.execute("""
        CREATE TABLE line_control (
            compound_id uuid NOT NULL,
            line_id uuid NOT NULL,
            appropriated_fen bigint NOT NULL,
            adjusted_fen bigint NOT NULL,
            actual_fen bigint NOT NULL,
            encumbered_fen bigint NOT NULL,
            reserved_fen bigint NOT NULL,
            movements integer NOT NULL,
            CONSTRAINT pk_line_control PRIMARY KEY (compound_id, line_id),
            CONSTRAINT fk_line_control_line FOREIGN KEY (compound_id, line_id)
                REFERENCES budget_line (compound_id, line_id),
            CONSTRAINT ck_line_control_figures CHECK (
                appropriated_fen >= 0 AND actual_fen >= 0
                AND encumbered_fen >= 0 AND reserved_fen >= 0
            ),
            CONSTRAINT ck_line_control_available CHECK (
                appropriated_fen + adjusted_fen - actual_fen - encumbered_fen - reserved_fen >= 0
            )
        )
    """)
    op.execute("""
        CREATE TABLE line_movement (
            compound_id uuid NOT NULL,
            line_id uuid NOT NULL,
            number integer NOT NULL,
            kind text NOT NULL,
            source_kind text NOT NULL,
            source_id uuid NOT NULL,
            source_version integer NOT NULL,
            moved_on date NOT NULL,
            recorded_at timestamptz NOT NULL,
            appropriated_fen bigint NOT NULL,
            adjusted_fen bigint NOT NULL,
            actual_fen bigint NOT NULL,
            encumbered_fen bigint NOT NULL,
            reserved_fen bigint NOT NULL,
            CONSTRAINT pk_line_movement PRIMARY KEY (compound_id, line_id, number),
            CONSTRAINT uq_line_movement_source UNIQUE
                (compound_id, line_id, kind, source_kind, source_id, source_version),
            CONSTRAINT fk_line_movement_line FOREIGN KEY (compound_id, line_id)
                REFERENCES line_control (compound_id, line_id),
            CONSTRAINT ck_line_movement_kind CHECK (
                kind IN ('open', 'adjust', 'encumber', 'relieve', 'reserve', 'unreserve', 'spend', 'unspend')
            )
        )
    """)
    tenant(
        "line_control",
        "SELECT, INSERT, UPDATE (adjusted_fen, actual_fen, encumbered_fen, reserved_fen, movements)",
    )
    tenant("line_movement", "SELECT, INSERT", append_only=True)


def _changes() -> None:
    op.execute("""
        CREATE TABLE budget_adjustment (
            compound_id uuid NOT NULL,
            adjustment_id uuid NOT NULL,
            budget_id uuid NOT NULL,
            title text NOT NULL,
            reason text NOT NULL,
            deltas jsonb NOT NULL,
            new_lines jsonb NOT NULL,
            new_income jsonb NOT NULL,
            state text NOT NULL,
            proposed_by uuid,
            proposed_at timestamptz NOT NULL,
            in_force_at timestamptz,
            resolution_id uuid,
            CONSTRAINT pk_budget_adjustment PRIMARY KEY (compound_id, adjustment_id),
            CONSTRAINT fk_budget_adjustment_budget FOREIGN KEY (compound_id, budget_id)
                REFERENCES budget (compound_id, budget_id),
            CONSTRAINT ck_budget_adjustment_state CHECK (state IN ('proposed', 'in_force', 'ended')),
            CONSTRAINT ck_budget_adjustment_decided
                CHECK (state <> 'in_force' OR resolution_id IS NOT NULL)
        )
    """)
    op.execute("""
        CREATE TABLE budget_virement (
            compound_id uuid NOT NULL,
            virement_id uuid NOT NULL,
            budget_id uuid NOT NULL,
            from_line_id uuid NOT NULL,
            to_line_id uuid NOT NULL,
            amount_fen bigint NOT NULL,
            reason text NOT NULL,
            state text NOT NULL,
            act_id uuid NOT NULL,
            proposed_by uuid,
            proposed_at timestamptz NOT NULL,
            in_force_at timestamptz,
            CONSTRAINT pk_budget_virement PRIMARY KEY (compound_id, virement_id),
            CONSTRAINT fk_budget_virement_budget FOREIGN KEY (compound_id, budget_id)
                REFERENCES budget (compound_id, budget_id),
            CONSTRAINT fk_budget_virement_from_line FOREIGN KEY (compound_id, from_line_id)
                REFERENCES line_control (compound_id, line_id),
            CONSTRAINT fk_budget_virement_to_line FOREIGN KEY (compound_id, to_line_id)
                REFERENCES line_control (compound_id, line_id),
            CONSTRAINT ck_budget_virement_state CHECK (state IN ('proposed', 'in_force', 'ended')),
            CONSTRAINT ck_budget_virement_amount
                CHECK (amount_fen > 0 AND from_line_id <> to_line_id)
        )
    """)
    op.execute("""
        CREATE TABLE budget_emergency (
            compound_id uuid NOT NULL,
            emergency_id uuid NOT NULL,
            budget_id uuid NOT NULL,
            line_id uuid NOT NULL,
            new_line jsonb,
            amount_fen bigint NOT NULL,
            reason text NOT NULL,
            evidence text[] NOT NULL,
            state text NOT NULL,
            act_id uuid NOT NULL,
            proposed_by uuid,
            proposed_at timestamptz NOT NULL,
            in_force_at timestamptz,
            notice_due_at timestamptz,
            noticed_at timestamptz,
            notice_evidence text[] NOT NULL,
            ratify_by date,
            resolution_id uuid,
            ratified_at timestamptz,
            CONSTRAINT pk_budget_emergency PRIMARY KEY (compound_id, emergency_id),
            CONSTRAINT fk_budget_emergency_budget FOREIGN KEY (compound_id, budget_id)
                REFERENCES budget (compound_id, budget_id),
            CONSTRAINT ck_budget_emergency_state CHECK (state IN ('proposed', 'in_force', 'ended')),
            CONSTRAINT ck_budget_emergency_amount CHECK (amount_fen > 0),
            CONSTRAINT ck_budget_emergency_ratified
                CHECK (ratified_at IS NULL OR resolution_id IS NOT NULL)
        )
    """)
    tenant("budget_adjustment", "SELECT, INSERT, UPDATE (state, in_force_at, resolution_id)")
    tenant("budget_virement", "SELECT, INSERT, UPDATE (state, in_force_at)")
    tenant(
        "budget_emergency",
        "SELECT, INSERT, UPDATE (state, in_force_at, notice_due_at, noticed_at, notice_evidence, "
        "ratify_by, resolution_id, ratified_at)",
    )
