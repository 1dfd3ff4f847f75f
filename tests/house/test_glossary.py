"""The glossary names what is really in the code, each thing once."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

LINES = (
    (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
)
ROW = re.compile(
    r"\| (?P<english>[^|]+) \| (?P<chinese>[^|]+) \| `(?P<identifier>[a-z_]+(\.\w+)+)` \|"
)
ROWS = [match for match in map(ROW.fullmatch, LINES) if match]


def find(identifier: str) -> Any:
    """The object behind a dotted name; a field of a Struct counts as found by its name."""
    module, names = "trustprop", identifier.split(".")
    while names:
        try:
            importlib.import_module(f"{module}.{names[0]}")
        except ModuleNotFoundError:
            break
        module = f"{module}.{names.pop(0)}"
    found: Any = importlib.import_module(module)
    for name in names:
        if (
            isinstance(found, type)
            and issubclass(found, Struct)
            and name in found.__struct_fields__
        ):
            return name
        found = getattr(found, name)
    return found


@pytest.mark.parametrize("identifier", [row["identifier"] for row in ROWS])
def test_every_term_exists_in_the_code(identifier: str) -> None:
    assert find(identifier) is not None


def test_every_line_of_a_table_is_a_term_with_its_identifier() -> None:
    lines = [line for line in LINES if line.startswith("|") and not line.startswith("|---")]
    headings = [line for line in lines if line.endswith("| in the code |")]
    assert len(lines) - len(headings) == len(ROWS) > 0


@pytest.mark.parametrize("column", ["english", "chinese", "identifier"])
def test_no_word_stands_for_two_things(column: str) -> None:
    words = [row[column] for row in ROWS]
    assert len(words) == len(set(words))


def test_an_identifier_that_is_not_there_is_noticed() -> None:
    with pytest.raises(AttributeError):
        find("compounds.model.Compound.no_such_field")
