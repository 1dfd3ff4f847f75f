"""The scene that most tests of invoices play in."""

from pathlib import Path

import pytest

from tests.make.invoices import Scene, make_scene
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Tx
from trustprop.plumbing.files import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files.at(str(tmp_path / "files"))


@pytest.fixture
async def scene(tx: Tx, caller: Caller, files: Files) -> Scene:
    return await make_scene(tx, caller.compound_id, files)
