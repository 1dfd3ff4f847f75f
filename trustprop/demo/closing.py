"""Chapter five: the bank's own statements, the close under two signatures, publication, verification."""

import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from trustprop.demo.client import Client, new_id
from trustprop.demo.opening import BANKS
from trustprop.demo.papers import BankLine, ccb_csv
from trustprop.demo.revenue import bank_lines
from trustprop.demo.stage import Stage
from trustprop.demo.world import MONTH
from trustprop.kernel.money import yuan

PERIOD = "2025-09"
INTEREST = {"100201": ("OP", 62_31), "100202": ("PR", 34_11)}
PRINT_TIMEOUT_S = 120


def hand_to_bank(stage: Stage) -> None:
    """The released orders as files for the bank: a table for people, pain.001 for its machine."""
    for account, *_ in BANKS:
        made = stage.bookkeeper.post("/bank-files", {"id": new_id(), "bank_account": account})
        content = stage.bookkeeper.get_bytes(f"/files/{made['xml_sha256']}")
        assert b"pain.001.001.09" in content
        stage.say(
            f"bank file for {account}: {made['orders']} orders, ¥{yuan(made['amount_fen'])}, CSV and pain.001"
        )


def import_statements(stage: Stage) -> None:
    """Three downloads that overlap, as downloads do; every line is kept once and finds its entry."""
    everything = bank_lines(stage)
    for account, (_, amount_fen) in INTEREST.items():
        everything[account].append(
            BankLine(date(2025, 9, 30), amount_fen, "示例银行", "结息", f"LX20250930{account}")
        )
    for account, _, number, funds in BANKS:
        lines = sorted(everything[account], key=lambda line: line.on)
        opening = sum(MONTH["opening"].get(f"{account}/{fund}", 0) for fund in funds)
        for first, last in ((1, 24), (20, 31), (31, 32)):
            chosen = [line for line in lines if first <= _day(line) < last + (last < 31)]
            before = sum(line.amount_fen for line in lines if _day(line) < first)
            if chosen:
                _import(stage, account, ccb_csv(number, opening + before, chosen))
        stage.ids[f"bank/{account}"] = opening + sum(
            line.amount_fen for line in lines if _day(line) < 31
        )


def _day(line: BankLine) -> int:
    """September's days, and the first of October as the 31st."""
    return line.on.day if line.on.month == 9 else 30 + line.on.day


def _import(stage: Stage, account: str, content: bytes) -> None:
    name = f"ccb-{account}.csv"
    file = stage.bookkeeper.upload(name, content)
    answer = stage.bookkeeper.post(
        "/bank-statements", {"id": new_id(), "account": account, "file_sha256": file["sha256"]}
    )
    assert answer["gaps"] == []
    stage.say(f"imported the bank's {name}: {_words(answer['statement'])}")


def _words(statement: dict[str, Any]) -> str:
    return f"{statement['lines']} lines, {statement['new_lines']} of them new"


def book_the_rest(stage: Stage) -> None:
    """What only the bank knew: its interest, and money from nobody, which is no income."""
    for account, (fund, amount_fen) in INTEREST.items():
        for line in stage.bookkeeper.everything("/bank-lines", account=account, state="unmatched"):
            entry = {"entry_id": new_id(), "fund": fund}
            kind = "interest" if line["amount_fen"] == amount_fen else "unidentified"
            stage.bookkeeper.post(f"/bank-lines/{line['line_id']}/{kind}", entry)
            what = "interest" if kind == "interest" else "money that nobody can name yet"
            stage.say(f"booked {what}: ¥{yuan(line['amount_fen'])} on {account}")


def reconcile(stage: Stage) -> None:
    """Adjusted bank = books = claims of the funds, for each account."""
    for account, title, *_ in BANKS:
        found = stage.supervisor.get(f"/bank-accounts/{account}/reconciliation", on="2025-09-30")
        assert found["is_reconciled"], found
        assert found["bank_fen"] == stage.ids[f"bank/{account}"]
        stage.say(
            f"reconciled {title}: bank {yuan(found['bank_fen'])} - in flight {yuan(found['payments_not_on_bank_fen'])}"
            f" = books {yuan(found['books_fen'])} = claims of the funds {yuan(found['claims_fen'])}"
        )


def compare(stage: Stage) -> bool:
    """Every closing balance against the file, to the fen."""
    found = {
        f"{one['account']}/{one['fund']}": one["balance_fen"]
        for one in stage.supervisor.get("/balances", on="2025-09-30")["data"]
        if one["balance_fen"]
    }
    expected = {place: amount for place, amount in MONTH["closing"].items() if amount}
    for place in sorted(found.keys() | expected.keys()):
        if found.get(place, 0) != expected.get(place, 0):
            stage.say(
                f"[red]{place}: {yuan(found.get(place, 0))}, expected {yuan(expected.get(place, 0))}[/red]"
            )
    if found == expected:
        stage.say(f"all {len(expected)} closing balances equal the file's, to the fen")
    return found == expected


def close(stage: Stage) -> None:
    """Every check is green; both sides sign the root of the journal; the month refuses entries."""
    checks = stage.supervisor.get(f"/periods/{PERIOD}/tie-outs")["tie_outs"]
    for check in checks:
        assert check["passed"], check
    act_id = new_id()
    stage.bookkeeper.post(
        f"/periods/{PERIOD}/close", {"id": act_id, "expires_at": stage.expires_at}
    )
    stage.both_sign(act_id)
    stage.say(f"closed {PERIOD}: {len(checks)} checks green, journal root signed by both sides")


def publish(stage: Stage, out: Path) -> list[Path]:
    """The statement is drawn up once; the worker prints it; a resident downloads it without a login."""
    published = stage.director.post(f"/periods/{PERIOD}/statement")
    resident = Client(stage.base_url, name="resident")
    address = f"/public/{stage.compound_id}/statements/{published['number']}"
    stage.ids["public"] = address
    stage.say(f"published statement {published['number']}: {stage.base_url}{address}")
    files = [out / "statement.bundle.json"]
    files[0].write_bytes(resident.get_bytes(f"{address}.bundle.json"))
    for lang in ("zh", "en"):
        path = out / f"statement-{lang}.pdf"
        path.write_bytes(_wait_for_print(resident, f"{address}.pdf", lang))
        files.append(path)
    return files


def _wait_for_print(resident: Client, address: str, lang: str) -> bytes:
    deadline = time.monotonic() + PRINT_TIMEOUT_S
    while True:
        answer = resident.fetch(address, lang=lang)
        if answer.status_code == 200 and answer.content.startswith(b"%PDF"):
            return answer.content
        if time.monotonic() > deadline:
            raise TimeoutError(f"{address}: {answer.status_code}")
        time.sleep(0.5)


def verify(stage: Stage, files: list[Path]) -> bool:
    """As a resident would, offline: a process that has the file and nothing else."""
    holds = True
    for path in files:
        command = [sys.executable, "-m", "trustprop", "verify", "--lang", "en", str(path)]
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        holds = holds and checked.returncode == 0
        last = (checked.stdout.strip() or checked.stderr.strip()).splitlines()[-1]
        stage.say(f"verified {path.name} offline: {last}")
    return holds
