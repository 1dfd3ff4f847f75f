"""What the operator's gauges may know of all compounds: two facts, no rows."""

from migrations.tools import script

revision = "0016_health"
down_revision = "0015_statements"
branch_labels = None
depends_on = None


def upgrade() -> None:
    script("""
        CREATE FUNCTION books_health(OUT is_balanced boolean, OUT sealed_until integer)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT
                NOT EXISTS (
                    SELECT FROM balance GROUP BY compound_id, fund HAVING sum(balance_fen) <> 0
                ),
                (SELECT min(nullif(closed_through, 0)) FROM books)
        $$;
        REVOKE ALL ON FUNCTION books_health() FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION books_health() TO trustprop_serving;
    """)
