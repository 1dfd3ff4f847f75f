"""Where the worker has something to do: the compounds with duties, by id and nothing else."""

from migrations.tools import script

revision = "0017_duties"
down_revision = "0016_health"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script("""
        CREATE FUNCTION compounds_with_duties(p_at timestamptz, p_keys_before timestamptz)
        RETURNS SETOF uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT a.compound_id
            FROM act AS a
            JOIN act_version AS v
                ON v.compound_id = a.compound_id AND v.act_id = a.act_id AND v.version = a.version
            WHERE a.state = 'open' AND v.expires_at <= p_at
            UNION
            SELECT k.compound_id FROM idempotency_key AS k WHERE k.created_at < p_keys_before
            ORDER BY compound_id
        $$;
        REVOKE ALL ON FUNCTION compounds_with_duties(timestamptz, timestamptz) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION compounds_with_duties(timestamptz, timestamptz)
            TO trustprop_serving;
    """)
