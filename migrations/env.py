"""Alembic's entry: short lock and statement timeouts, one transaction per migration."""

import asyncio
import pkgutil
from importlib import import_module

from alembic import context
from sqlalchemy import pool, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

import trustprop
from trustprop.plumbing.schema import metadata

PGQUEUER = ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics")


def every_table() -> object:
    """The MetaData with the tables of every house."""
    for house in pkgutil.iter_modules(trustprop.__path__, "trustprop."):
        if house.ispkg and any(
            room.name == "tables"
            for room in pkgutil.iter_modules(
                [f"{trustprop.__path__[0]}/{house.name.split('.')[1]}"]
            )
        ):
            import_module(f"{house.name}.tables")
    return metadata


def include(item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """The queue's tables belong to pgqueuer."""
    table = name if kind == "table" else getattr(getattr(item, "table", None), "name", name)
    return table not in PGQUEUER


def run(connection: Connection) -> None:
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.execute(text("SET statement_timeout = '60s'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=every_table(),
        include_object=include,
        transaction_per_migration=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect() -> None:
    url = context.config.get_main_option("sqlalchemy.url") or ""
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    asyncio.run(connect())
