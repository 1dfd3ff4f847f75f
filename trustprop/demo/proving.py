"""Chapter nine: anybody recomputes the published count, and an owner finds their own ballot in it."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from trustprop.demo.client import Client
from trustprop.demo.electorate import Electorate
from trustprop.demo.owners import together
from trustprop.demo.stage import Stage


def verify(stage: Stage, out: Path) -> bool:
    """Two programs that share no line of code read the same file, and the same receipt."""
    address = f"/public/{stage.compound_id}/votes/{stage.ids['vote/meeting']}.json"
    resident = Client(stage.base_url, name="resident")
    published, script = out / "vote.json", out / "verify_vote.py"
    published.write_bytes(resident.get_bytes(address))
    script.write_bytes(resident.get_bytes("/public/verify_vote.py"))
    receipt = out / "receipt.json"
    receipt.write_text(json.dumps(kept_receipt(stage), ensure_ascii=False), encoding="utf-8")
    files = [str(published), "--receipt", str(receipt)]
    ours = [sys.executable, "-m", "trustprop", "verify-vote", *files, "--lang", "en"]
    alone = [sys.executable, "-I", str(script), *files, "--lang", "en"]
    return all([_run(stage, "trustprop verify-vote", ours), _run(stage, script.name, alone)])


def _run(stage: Stage, name: str, command: list[str]) -> bool:
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    said = (checked.stdout.strip() or checked.stderr.strip()).splitlines()
    stage.say(f"recomputed the count with {name}: {said[-1] if said else 'nothing was said'}")
    return checked.returncode == 0


def kept_receipt(stage: Stage) -> dict[str, Any]:
    """What one owner kept on their own machine: the service never had the secret again."""
    electorate: Electorate = stage.ids["electorate"]
    kept = stage.ids["receipts"][electorate.online[12]]
    receipt = kept["receipt"]
    return {
        "vote_id": receipt["vote_id"],
        "voter_id": receipt["voter_id"],
        "secret": base64.b64encode(kept["secret"]).decode(),
        "sequence": receipt["sequence"],
        "chain": receipt["chain"],
    }


def print_call(stage: Stage) -> None:
    """Notice and agenda, as they are posted."""
    _print(stage, "notice", "agenda")


def print_result(stage: Stage) -> None:
    """The certificate with its arithmetic and the decisions, as they are posted."""
    _print(stage, "certificate", "decisions")


def _print(stage: Stage, *names: str) -> None:
    """In both languages, while the paper's own day is today."""
    out: Path = stage.ids["out"]

    def one(paper: tuple[str, str]) -> None:
        name, lang = paper
        address = f"/meetings/{stage.ids['meeting']}/papers/{name}.pdf"
        path = out / f"meeting-{name}-{lang}.pdf"
        path.write_bytes(stage.supervisor.get_bytes(address, lang=lang))

    papers = [(name, lang) for name in names for lang in ("zh", "en")]
    together(stage, "papers", papers, one)
    stage.say(f"printed {' and '.join(names)} in Chinese and English into {out}")
