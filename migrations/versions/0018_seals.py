"""What a closed month leaves for the next one, so that its close reads a month and not all history.

A sealed reconciliation says where the bank account stood and what was still open; together with the
lines and entries since, it gives what all of history gives. ``closed_through`` of a bank statement is
the last closed month at its import: its lines of that month or before came after the seal.
"""

from alembic import op

from migrations.tools import script, tenant

revision = "0018_seals"
down_revision = "0017_duties"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE TABLE sealed_reconciliation (
            compound_id uuid NOT NULL,
            account text NOT NULL,
            period integer NOT NULL,
            bank_fen bigint NOT NULL,
            books_fen bigint NOT NULL,
            open_lines uuid[] NOT NULL,
            open_entries uuid[] NOT NULL,
            sealed_at timestamptz NOT NULL,
            CONSTRAINT pk_sealed_reconciliation PRIMARY KEY (compound_id, account, period)
        )
    """)
    tenant("sealed_reconciliation", "SELECT, INSERT", append_only=True)
    script("""
        ALTER TABLE bank_statement ADD COLUMN closed_through integer NOT NULL DEFAULT 0;
        CREATE INDEX ix_bank_statement_closed
            ON bank_statement (compound_id, account, closed_through);
        CREATE INDEX ix_bank_line_statement ON bank_line (compound_id, statement_id);
        CREATE INDEX ix_charge_charged ON charge (compound_id, kind, charged_on);
        CREATE INDEX ix_allocation_allocated ON allocation (compound_id, allocated_on);
        CREATE INDEX ix_channel_settlement_settled ON channel_settlement (compound_id, settled_on);
        CREATE INDEX ix_inquiry_answered ON inquiry (compound_id, answered_at);
    """)
