"""Tariffs, charges, receipts and their allocations, revenue contracts, the trustee's remuneration."""

from alembic import op

from migrations.tools import tenant

revision = "0012_billing"
down_revision = "0011_disbursements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _tariffs()
    _charges()
    _receipts()
    _revenue()
    _remuneration()


def _tariffs() -> None:
    op.execute("""
        CREATE TABLE tariff (
            compound_id uuid NOT NULL,
            tariff_id uuid NOT NULL,
            kind text NOT NULL,
            rate_fen bigint NOT NULL,
            valid_from integer NOT NULL,
            resolution_id uuid,
            clause text,
            CONSTRAINT pk_tariff PRIMARY KEY (compound_id, tariff_id),
            CONSTRAINT ck_tariff_rate CHECK (rate_fen > 0),
            CONSTRAINT ck_tariff_decision CHECK ((resolution_id IS NULL) <> (clause IS NULL))
        )
    """)
    tenant("tariff", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE parking_space (
            compound_id uuid NOT NULL,
            space_id uuid NOT NULL,
            code text NOT NULL,
            kind text NOT NULL,
            home_id uuid NOT NULL,
            valid_from integer NOT NULL,
            valid_until integer,
            CONSTRAINT pk_parking_space PRIMARY KEY (compound_id, space_id),
            CONSTRAINT ck_parking_space_term CHECK (valid_until >= valid_from)
        )
    """)
    op.execute("CREATE INDEX ix_parking_space_home ON parking_space (compound_id, home_id)")
    tenant("parking_space", "SELECT, INSERT, UPDATE (valid_until)")


def _charges() -> None:
    op.execute("""
        CREATE TABLE charge_run (
            compound_id uuid NOT NULL,
            run_id uuid NOT NULL,
            period integer NOT NULL,
            kind text NOT NULL,
            tariff_id uuid NOT NULL,
            charged_on date NOT NULL,
            charges integer NOT NULL,
            amount_fen bigint NOT NULL,
            from_prepaid integer NOT NULL,
            from_prepaid_fen bigint NOT NULL,
            run_at timestamptz NOT NULL,
            CONSTRAINT pk_charge_run PRIMARY KEY (compound_id, run_id),
            CONSTRAINT uq_charge_run_period UNIQUE (compound_id, kind, period),
            CONSTRAINT fk_charge_run_tariff FOREIGN KEY (compound_id, tariff_id)
                REFERENCES tariff (compound_id, tariff_id)
        )
    """)
    tenant("charge_run", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE charge (
            compound_id uuid NOT NULL,
            charge_id uuid NOT NULL,
            home_id uuid NOT NULL,
            kind text NOT NULL,
            period integer NOT NULL,
            charged_on date NOT NULL,
            amount_fen bigint NOT NULL,
            settled_fen bigint NOT NULL DEFAULT 0,
            entry_id uuid,
            run_id uuid,
            CONSTRAINT pk_charge PRIMARY KEY (compound_id, charge_id),
            CONSTRAINT uq_charge_home UNIQUE (compound_id, home_id, kind, period),
            CONSTRAINT ck_charge_amount CHECK (amount_fen > 0),
            CONSTRAINT ck_charge_settled CHECK (settled_fen BETWEEN 0 AND amount_fen),
            CONSTRAINT fk_charge_run FOREIGN KEY (compound_id, run_id)
                REFERENCES charge_run (compound_id, run_id)
        )
    """)
    op.execute("CREATE INDEX ix_charge_period ON charge (compound_id, kind, period)")
    op.execute("""
        CREATE INDEX ix_charge_open ON charge (compound_id, home_id) WHERE settled_fen < amount_fen
    """)
    tenant("charge", "SELECT, INSERT, UPDATE (settled_fen)")


def _receipts() -> None:
    op.execute("""
        CREATE TABLE receipt (
            compound_id uuid NOT NULL,
            receipt_id uuid NOT NULL,
            home_id uuid,
            contract_id uuid,
            kind text,
            received_on date NOT NULL,
            account text NOT NULL,
            fund text NOT NULL,
            amount_fen bigint NOT NULL,
            arrears_fen bigint NOT NULL,
            surplus_fen bigint NOT NULL,
            payer text NOT NULL,
            reference text NOT NULL,
            memo text NOT NULL,
            entry_id uuid NOT NULL,
            recorded_at timestamptz NOT NULL,
            content_sha256 bytea NOT NULL,
            CONSTRAINT pk_receipt PRIMARY KEY (compound_id, receipt_id),
            CONSTRAINT ck_receipt_amount CHECK (amount_fen > 0),
            CONSTRAINT ck_receipt_parts CHECK (
                arrears_fen >= 0 AND surplus_fen >= 0 AND arrears_fen + surplus_fen <= amount_fen
            )
        )
    """)
    op.execute("CREATE INDEX ix_receipt_home ON receipt (compound_id, home_id, received_on)")
    op.execute("CREATE INDEX ix_receipt_received ON receipt (compound_id, received_on, receipt_id)")
    op.execute("CREATE INDEX ix_receipt_entry ON receipt (compound_id, entry_id)")
    op.execute("CREATE INDEX ix_receipt_contract ON receipt (compound_id, contract_id)")
    tenant("receipt", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE allocation (
            compound_id uuid NOT NULL,
            charge_id uuid NOT NULL,
            source_id uuid NOT NULL,
            is_prepayment boolean NOT NULL,
            allocated_on date NOT NULL,
            amount_fen bigint NOT NULL,
            CONSTRAINT pk_allocation PRIMARY KEY (compound_id, charge_id, source_id),
            CONSTRAINT ck_allocation_amount CHECK (amount_fen > 0),
            CONSTRAINT fk_allocation_charge FOREIGN KEY (compound_id, charge_id)
                REFERENCES charge (compound_id, charge_id)
        )
    """)
    tenant("allocation", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE channel_settlement (
            compound_id uuid NOT NULL,
            settlement_id uuid NOT NULL,
            settled_on date NOT NULL,
            channel text NOT NULL,
            account text NOT NULL,
            gross_fen bigint NOT NULL,
            fee_fen bigint NOT NULL,
            reference text NOT NULL,
            entry_id uuid NOT NULL,
            content_sha256 bytea NOT NULL,
            CONSTRAINT pk_channel_settlement PRIMARY KEY (compound_id, settlement_id),
            CONSTRAINT ck_channel_settlement_fee CHECK (fee_fen >= 0 AND fee_fen < gross_fen)
        )
    """)
    op.execute("""
        CREATE INDEX ix_channel_settlement_entry ON channel_settlement (compound_id, entry_id)
    """)
    tenant("channel_settlement", "SELECT, INSERT", append_only=True)


def _revenue() -> None:
    op.execute("""
        CREATE TABLE revenue_contract (
            compound_id uuid NOT NULL,
            contract_id uuid NOT NULL,
            counterparty text NOT NULL,
            is_individual boolean NOT NULL,
            kind text NOT NULL,
            income_account text NOT NULL,
            fund text NOT NULL,
            starts_on date NOT NULL,
            ends_on date NOT NULL,
            amount_fen bigint NOT NULL,
            recognised_before_fen bigint NOT NULL,
            received_before_fen bigint NOT NULL,
            resolution_id uuid,
            CONSTRAINT pk_revenue_contract PRIMARY KEY (compound_id, contract_id),
            CONSTRAINT ck_revenue_contract_term CHECK (ends_on >= starts_on),
            CONSTRAINT ck_revenue_contract_amount CHECK (
                amount_fen > 0 AND recognised_before_fen BETWEEN 0 AND amount_fen
                AND received_before_fen >= 0
            )
        )
    """)
    tenant("revenue_contract", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE revenue_share (
            compound_id uuid NOT NULL,
            contract_id uuid NOT NULL,
            period integer NOT NULL,
            run_id uuid NOT NULL,
            amount_fen bigint NOT NULL,
            from_deferred_fen bigint NOT NULL,
            entry_id uuid NOT NULL,
            CONSTRAINT pk_revenue_share PRIMARY KEY (compound_id, contract_id, period),
            CONSTRAINT ck_revenue_share_amount CHECK (
                amount_fen > 0 AND from_deferred_fen BETWEEN 0 AND amount_fen
            ),
            CONSTRAINT fk_revenue_share_contract FOREIGN KEY (compound_id, contract_id)
                REFERENCES revenue_contract (compound_id, contract_id)
        )
    """)
    op.execute("CREATE INDEX ix_revenue_share_period ON revenue_share (compound_id, period)")
    tenant("revenue_share", "SELECT, INSERT", append_only=True)


def _remuneration() -> None:
    op.execute("""
        CREATE TABLE remuneration_accrual (
            compound_id uuid NOT NULL,
            accrual_id uuid NOT NULL,
            period integer NOT NULL,
            instrument_id uuid NOT NULL,
            kind text NOT NULL,
            basis text,
            basis_fen bigint NOT NULL,
            rate_basis_points integer NOT NULL,
            cap_fen bigint,
            uncapped_fen bigint NOT NULL,
            amount_fen bigint NOT NULL,
            is_held boolean NOT NULL,
            entry_id uuid NOT NULL,
            CONSTRAINT pk_remuneration_accrual PRIMARY KEY (compound_id, accrual_id),
            CONSTRAINT uq_remuneration_accrual_period UNIQUE (compound_id, period),
            CONSTRAINT ck_remuneration_accrual_amount CHECK (amount_fen BETWEEN 1 AND uncapped_fen)
        )
    """)
    tenant("remuneration_accrual", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE remuneration_hold (
            compound_id uuid NOT NULL,
            hold_id uuid NOT NULL,
            reason text NOT NULL,
            held_at timestamptz NOT NULL,
            held_fen bigint NOT NULL,
            lifted_at timestamptz,
            lifted_reason text NOT NULL DEFAULT '',
            CONSTRAINT pk_remuneration_hold PRIMARY KEY (compound_id, hold_id)
        )
    """)
    op.execute("""
        CREATE UNIQUE INDEX uq_remuneration_hold_open ON remuneration_hold (compound_id)
        WHERE lifted_at IS NULL
    """)
    tenant("remuneration_hold", "SELECT, INSERT, UPDATE (lifted_at, lifted_reason)")
