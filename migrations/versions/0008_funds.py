"""Funds: ring-fenced funds, the compound's own bank accounts, transfers between funds."""

from alembic import op

from migrations.tools import tenant

revision = "0008_funds"
down_revision = "0007_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE fund (
            compound_id uuid NOT NULL,
            code text NOT NULL,
            name_zh text NOT NULL,
            name_en text NOT NULL,
            is_restricted boolean NOT NULL,
            purpose text NOT NULL,
            equity_account text NOT NULL,
            established_by uuid,
            established_at timestamptz NOT NULL,
            CONSTRAINT pk_fund PRIMARY KEY (compound_id, code),
            CONSTRAINT fk_fund_ledger_fund FOREIGN KEY (compound_id, code)
                REFERENCES ledger_fund (compound_id, fund),
            CONSTRAINT ck_fund_code CHECK (code ~ '^(OP|PR|RS|MF|AG|PJ-[0-9]{3})$')
        )
    """)
    op.execute("""
        CREATE TABLE bank_account (
            compound_id uuid NOT NULL,
            proposal_id uuid NOT NULL,
            account_code text NOT NULL,
            title text NOT NULL,
            bank text NOT NULL,
            branch_code text NOT NULL,
            holder_kind text NOT NULL,
            holder text NOT NULL,
            number text NOT NULL,
            funds text[] NOT NULL,
            state text NOT NULL,
            act_id uuid NOT NULL,
            proposed_by uuid,
            proposed_at timestamptz NOT NULL,
            in_force_at timestamptz,
            CONSTRAINT pk_bank_account PRIMARY KEY (compound_id, proposal_id),
            CONSTRAINT fk_bank_account_account FOREIGN KEY (compound_id, account_code)
                REFERENCES account (compound_id, code),
            CONSTRAINT ck_bank_account_state
                CHECK (state IN ('proposed', 'in_force', 'replaced', 'ended')),
            CONSTRAINT ck_bank_account_holder_kind
                CHECK (holder_kind IN ('assembly', 'committee', 'trustee', 'custodian')),
            CONSTRAINT ck_bank_account_number CHECK (number ~ '^[0-9]{8,40}$'),
            CONSTRAINT ck_bank_account_funds CHECK (cardinality(funds) > 0)
        )
    """)
    op.execute("""
        CREATE UNIQUE INDEX uq_bank_account_in_force ON bank_account (compound_id, account_code)
        WHERE state = 'in_force'
    """)
    op.execute("""
        CREATE TABLE fund_transfer (
            compound_id uuid NOT NULL,
            transfer_id uuid NOT NULL,
            number bigint NOT NULL,
            from_fund text NOT NULL,
            to_fund text NOT NULL,
            bank_account text NOT NULL,
            amount_fen bigint NOT NULL,
            transferred_on date NOT NULL,
            memo text NOT NULL,
            resolution_id uuid NOT NULL,
            transferred_by uuid,
            transferred_at timestamptz NOT NULL,
            CONSTRAINT pk_fund_transfer PRIMARY KEY (compound_id, transfer_id),
            CONSTRAINT fk_fund_transfer_from_fund FOREIGN KEY (compound_id, from_fund)
                REFERENCES fund (compound_id, code),
            CONSTRAINT fk_fund_transfer_to_fund FOREIGN KEY (compound_id, to_fund)
                REFERENCES fund (compound_id, code),
            CONSTRAINT ck_fund_transfer_amount CHECK (amount_fen > 0 AND from_fund <> to_fund)
        )
    """)
    tenant("fund", "SELECT, INSERT")
    tenant("bank_account", "SELECT, INSERT, UPDATE (state, in_force_at)")
    tenant("fund_transfer", "SELECT, INSERT", append_only=True)
