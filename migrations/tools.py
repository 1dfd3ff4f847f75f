"""What every migration of a tenant table does: row-level security, grants, append-only triggers."""

from alembic import op
from sqlalchemy.util import await_only

SERVING = "trustprop_serving"


def tenant(table: str, grants: str, *, append_only: bool = False) -> None:
    """Isolates a table by compound and says what the serving role may do with it.

    ``grants`` is SQL, such as ``SELECT, INSERT, UPDATE (state)``. An append-only table refuses
    UPDATE, DELETE and TRUNCATE to everybody, its owner included.
    """
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} USING (compound_id = current_compound_id()) "
        f"WITH CHECK (compound_id = current_compound_id())"
    )
    shared(table, grants, append_only=append_only)


def shared(table: str, grants: str, *, append_only: bool = False) -> None:
    """The same for a table of the global schema, which has no compound."""
    op.execute(f"GRANT {grants} ON {table} TO {SERVING}")
    if append_only:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def script(sql: str) -> None:
    """Runs several statements at once, in the migration's transaction (a prepared one takes only one)."""
    op.execute("SELECT 1")  # SQLAlchemy opens the transaction with its own first statement.
    adapted = op.get_bind().connection.dbapi_connection
    await_only(adapted.driver_connection.execute(sql))
