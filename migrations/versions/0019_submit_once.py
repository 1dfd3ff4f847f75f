"""A plain invoice with the answer to its key in one statement, which is a transaction by itself."""

from alembic import op

revision = "0019_submit_once"
down_revision = "0018_seals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(CLAIM)
    op.execute(SUBMIT)


CLAIM = """
    CREATE FUNCTION claim_with_answer(
        p_compound_id uuid, p_claimant_id uuid, p_route text, p_key text, p_content_sha256 bytea,
        p_at timestamptz, p_status integer, p_body bytea
    )
    RETURNS boolean LANGUAGE plpgsql SET search_path = public, pg_temp
    AS $$
    BEGIN
        INSERT INTO idempotency_key (
            compound_id, credential_id, route, key, content_sha256, created_at, status, body
        ) VALUES (
            p_compound_id, p_claimant_id, p_route, p_key, p_content_sha256, p_at, p_status, p_body
        )
        ON CONFLICT DO NOTHING;
        RETURN FOUND;
    END
    $$
"""

SUBMIT = """
    CREATE FUNCTION submit_invoice_once(
        p_compound_id uuid, p_person_id uuid, p_credential_id uuid, p_at timestamptz, p_invoices jsonb,
        p_claimant_id uuid, p_route text, p_key text, p_content_sha256 bytea, p_status integer,
        p_body bytea
    )
    RETURNS boolean LANGUAGE plpgsql SET search_path = public, pg_temp
    AS $$
    DECLARE
        found_verdict text;
    BEGIN
        PERFORM set_config('app.compound_id', CAST(p_compound_id AS text), true);
        IF NOT claim_with_answer(
            p_compound_id, p_claimant_id, p_route, p_key, p_content_sha256, p_at, p_status, p_body
        ) THEN
            RETURN false;
        END IF;
        SELECT verdict INTO found_verdict
        FROM submit_invoices(p_compound_id, p_person_id, p_credential_id, p_at, p_invoices);
        IF found_verdict <> 'submitted' THEN
            RAISE EXCEPTION 'not submitted: %', found_verdict;
        END IF;
        RETURN true;
    END
    $$
"""
"""True when it came in, false when its key was taken before; whatever else happens undoes all."""
