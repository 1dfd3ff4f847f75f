"""Payment orders, their payees and invoices, the payment policy, bank files and refunds."""

from alembic import op

from migrations.tools import tenant

revision = "0011_disbursements"
down_revision = "0010_invoices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE payment_policy (
            compound_id uuid NOT NULL,
            version integer NOT NULL,
            act_id uuid NOT NULL,
            terms jsonb NOT NULL,
            digest bytea NOT NULL,
            valid_from timestamptz NOT NULL,
            CONSTRAINT pk_payment_policy PRIMARY KEY (compound_id, version),
            CONSTRAINT uq_payment_policy_act_id UNIQUE (compound_id, act_id),
            CONSTRAINT ck_payment_policy_version CHECK (version > 0)
        )
    """)
    tenant("payment_policy", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE bank_file (
            compound_id uuid NOT NULL,
            file_id uuid NOT NULL,
            bank_account text NOT NULL,
            orders integer NOT NULL,
            amount_fen bigint NOT NULL,
            csv_sha256 text NOT NULL,
            xml_sha256 text NOT NULL,
            made_by uuid NOT NULL,
            made_at timestamptz NOT NULL,
            CONSTRAINT pk_bank_file PRIMARY KEY (compound_id, file_id),
            CONSTRAINT ck_bank_file_orders CHECK (orders > 0)
        )
    """)
    tenant("bank_file", "SELECT, INSERT", append_only=True)
    op.execute("""
        CREATE TABLE payment_order (
            compound_id uuid NOT NULL,
            order_id uuid NOT NULL,
            act_id uuid NOT NULL,
            act_version integer NOT NULL,
            version integer NOT NULL,
            state text NOT NULL,
            kind text NOT NULL,
            amount_fen bigint NOT NULL,
            fund text NOT NULL,
            bank_account text NOT NULL,
            account text NOT NULL,
            counterparty_id uuid,
            budget_line_id uuid,
            vendor_id uuid,
            pay_on date NOT NULL,
            body jsonb NOT NULL,
            policy_version integer NOT NULL,
            drafted_by uuid NOT NULL,
            drafted_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            number_year integer,
            number integer,
            released_at timestamptz,
            bank_file_id uuid,
            bank_line_id uuid,
            reason text NOT NULL DEFAULT '',
            refunded_fen bigint NOT NULL DEFAULT 0,
            CONSTRAINT pk_payment_order PRIMARY KEY (compound_id, order_id),
            CONSTRAINT uq_payment_order_act_id UNIQUE (compound_id, act_id),
            CONSTRAINT uq_payment_order_number UNIQUE (compound_id, number_year, number),
            CONSTRAINT fk_payment_order_bank_file FOREIGN KEY (compound_id, bank_file_id)
                REFERENCES bank_file (compound_id, file_id),
            CONSTRAINT ck_payment_order_state CHECK (state IN ('awaiting_signatures', 'released', 'exported',
                'settled', 'returned', 'rejected', 'withdrawn', 'expired')),
            CONSTRAINT ck_payment_order_kind CHECK (kind IN ('invoices', 'payable', 'expense', 'agency', 'refund')),
            CONSTRAINT ck_payment_order_amount CHECK (amount_fen > 0),
            CONSTRAINT ck_payment_order_refunded CHECK (refunded_fen BETWEEN 0 AND amount_fen),
            CONSTRAINT ck_payment_order_released CHECK (
                (state IN ('released', 'exported', 'settled', 'returned')) = (released_at IS NOT NULL)
                AND (released_at IS NULL) = (number IS NULL)
                AND (number IS NULL) = (number_year IS NULL)
            )
        )
    """)
    tenant(
        "payment_order",
        "SELECT, INSERT, UPDATE (act_version, version, state, kind, amount_fen, fund, bank_account, account, "
        "counterparty_id, budget_line_id, vendor_id, pay_on, body, policy_version, drafted_by, drafted_at, "
        "expires_at, number_year, number, released_at, bank_file_id, bank_line_id, reason, refunded_fen)",
    )
    op.execute("""
        CREATE INDEX ix_payment_order_awaiting ON payment_order (compound_id, bank_account, fund)
        WHERE state = 'awaiting_signatures'
    """)
    op.execute("""
        CREATE INDEX ix_payment_order_released ON payment_order (compound_id, bank_account)
        WHERE state IN ('released', 'exported')
    """)
    op.execute("""
        CREATE TABLE payment_payee (
            compound_id uuid NOT NULL,
            order_id uuid NOT NULL,
            act_version integer NOT NULL,
            kind text NOT NULL,
            name text NOT NULL,
            bank text NOT NULL,
            account_number text NOT NULL,
            salt text NOT NULL,
            CONSTRAINT pk_payment_payee PRIMARY KEY (compound_id, order_id, act_version),
            CONSTRAINT fk_payment_payee_order FOREIGN KEY (compound_id, order_id)
                REFERENCES payment_order (compound_id, order_id)
        )
    """)
    tenant("payment_payee", "SELECT, INSERT")
    op.execute("""
        CREATE TABLE order_invoice (
            compound_id uuid NOT NULL,
            order_id uuid NOT NULL,
            invoice_id uuid NOT NULL,
            amount_fen bigint NOT NULL,
            is_held boolean NOT NULL,
            CONSTRAINT pk_order_invoice PRIMARY KEY (compound_id, order_id, invoice_id),
            CONSTRAINT fk_order_invoice_order FOREIGN KEY (compound_id, order_id)
                REFERENCES payment_order (compound_id, order_id)
        )
    """)
    tenant("order_invoice", "SELECT, INSERT, UPDATE (amount_fen, is_held)")
    op.execute("""
        CREATE UNIQUE INDEX uq_order_invoice_held ON order_invoice (compound_id, invoice_id) WHERE is_held
    """)
    op.execute("""
        CREATE TABLE order_refund (
            compound_id uuid NOT NULL,
            refund_id uuid NOT NULL,
            order_id uuid NOT NULL,
            amount_fen bigint NOT NULL,
            received_on date NOT NULL,
            memo text NOT NULL,
            CONSTRAINT pk_order_refund PRIMARY KEY (compound_id, refund_id),
            CONSTRAINT fk_order_refund_order FOREIGN KEY (compound_id, order_id)
                REFERENCES payment_order (compound_id, order_id),
            CONSTRAINT ck_order_refund_amount CHECK (amount_fen > 0)
        )
    """)
    tenant("order_refund", "SELECT, INSERT", append_only=True)
    op.execute("CREATE INDEX ix_order_refund_order_id ON order_refund (compound_id, order_id)")
