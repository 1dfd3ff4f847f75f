"""An assembly that holds meetings, and a vault of this test's own."""

from pathlib import Path

import pytest

from tests.make import assemblies as make
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


@pytest.fixture
async def assembly(tx: Tx, caller: Caller) -> make.Assembly:
    return await make.add_assembly(tx, caller.compound_id)
