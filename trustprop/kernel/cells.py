"""Cells of tables for people: a spreadsheet must not take a text for a formula."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a formula can begin with, the wide signs of Chinese keyboards too."""


def harmless(cell: str) -> str:
    """The text itself, with an apostrophe before what a spreadsheet would calculate."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
