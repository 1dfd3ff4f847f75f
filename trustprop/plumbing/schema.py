"""One MetaData for every house's tables."""

from sqlalchemy import Column, MetaData, Uuid

metadata = MetaData()
"""Foreign keys name their target as a string, so no house imports another's tables."""


def compound_column() -> Column[object]:
    """The column that leads every primary and foreign key of a compound's data."""
    return Column("compound_id", Uuid, nullable=False)
