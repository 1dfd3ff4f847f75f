"""The structure of the code itself."""

import re
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent.parent
PRIVATE = {"store", "tables", "api"}
COMPOSITION = {"app", "cli", "demo", "openapi", "web"}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("trustprop", include_external_packages=True)


def house(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_store_tables_and_api_are_private_to_their_house(graph: grimp.ImportGraph) -> None:
    trespasses = []
    for module in graph.modules:
        parts = module.split(".")
        if not module.startswith("trustprop.") or len(parts) < 3 or parts[2] not in PRIVATE:
            continue
        if parts[1] == "plumbing":
            continue
        for importer in graph.find_modules_that_directly_import(module):
            allowed = house(importer) == house(module) or (
                parts[2] == "api" and house(importer) in COMPOSITION
            )
            # Edges of other houses may use the caller's dependency, which is an edge itself.
            if not allowed and not (
                module == "trustprop.compounds.api" and importer.split(".")[2:3] == ["api"]
            ):
                trespasses.append(f"{importer} imports {module}")
    assert trespasses == []


def test_the_ledger_is_above_plumbing_only_from_the_outside(graph: grimp.ImportGraph) -> None:
    """A control: the check above sees imports at all."""
    assert graph.find_modules_that_directly_import("trustprop.kernel.caller")


@pytest.mark.parametrize("path", sorted((ROOT / "trustprop").rglob("*.py")), ids=str)
def test_imports_stand_at_the_top(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert "TYPE_CHECKING" not in source
    assert not re.search(r"^[ \t]+(from \S+ import|import \w)", source, re.MULTILINE), path
