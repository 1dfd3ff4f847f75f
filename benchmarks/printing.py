"""Paper: one statement beside bare WeasyPrint and Typst, and two hundred by the press."""

import asyncio
import io
import time
from pathlib import Path
from typing import Any

import msgspec
import pikepdf
import psutil
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

from benchmarks.ground import ROOT, Ground, Result, compare, result, run_python, say
from benchmarks.posting import OTHER_PYTHON
from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.plumbing import paper
from trustprop.plumbing.press import Press
from trustprop.statements import printing
from trustprop.statements.model import Edition, Statement

LANG = "zh"
STATEMENTS = 200


async def one_statement(_ground: Ground) -> list[Result]:
    """The sample statement: laid out with its attachments, against the same HTML with nothing else."""
    edition = _edition()
    pages = _pages(printing.pdf(edition.statement, edition.journal, edition.note, LANG))

    async def ours() -> float:
        return _per_second(
            lambda: printing.pdf(edition.statement, edition.journal, edition.note, LANG)
        )

    statement = msgspec.json.decode(edition.statement, type=Statement)
    page = printing.html(statement, sha256(edition.statement).hex(), LANG)
    sheets = tuple(paper.REPORTS / sheet for sheet in printing.SHEETS)
    style = "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)

    async def bare() -> float:
        """Reads the same HTML and stylesheet, and writes the same variant."""

        def draw() -> bytes:
            fonts = FontConfiguration()
            content: bytes = HTML(string=page).write_pdf(
                stylesheets=[CSS(string=style, font_config=fonts)],
                font_config=fonts,
                pdf_variant="pdf/a-3u",
                pdf_tags=True,
            )
            return content

        return _per_second(draw)

    mine, other = await compare(ours, bare)
    say(f"  {pages} pages: {mine} {other}")
    drawn = result(
        "pdf",
        f"statement PDF, {pages} pages",
        "per CPU second",
        mine,
        other,
        "bare WeasyPrint, same HTML and variant",
        at_least=0.9,
    )
    return [drawn, await _typst(page_count=pages, ours=mine)]


async def _typst(*, page_count: int, ours: tuple[float, ...]) -> Result:
    """Typst on tables of the same length: another program and simpler pages, a distant anchor."""
    told = await asyncio.to_thread(
        run_python, OTHER_PYTHON, "benchmarks/others/run_typst.py", str(page_count)
    )
    found = msgspec.json.decode(told)
    return result(
        "pdf-typst",
        f"statement PDF, {page_count} pages",
        "per CPU second",
        ours,
        tuple(found["per_second"]),
        f"Typst, {found['pages']} pages of tables",
    )


def _per_second(draw: Any) -> float:
    """By the processor's clock: drawing never waits, and a busy machine must not show."""
    started = time.process_time()
    draw()
    return 1 / (time.process_time() - started)


async def press(ground: Ground) -> list[Result]:
    """Two hundred statements by two processes against one, and the most memory that one held."""
    count = ground.options.count(STATEMENTS, 8)
    edition = _edition()
    two, highest_mb = await _print(edition, 2, count)
    one, _ = await _print(edition, 1, count)
    say(f"  {two} {one} statements/s, peak {highest_mb:.0f} MB")
    return [
        result(
            "press",
            f"{count} statements by 2 processes",
            "/s",
            (two,),
            (one,),
            "1 process",
            at_least=1.7,
            remark="one run each",
        ),
        result(
            "press-memory",
            "the same, peak memory of one process",
            "MB",
            (highest_mb,),
            at_most=400.0,
        ),
    ]


async def _print(edition: Edition, processes: int, count: int) -> tuple[float, float]:
    """Statements per second and the highest memory of a printing process in MB."""
    work = Press(processes)
    highest_mb = 0.0
    is_printing = True

    async def watch() -> None:
        nonlocal highest_mb
        while is_printing:
            for pid in work.processes:
                highest_mb = max(highest_mb, peak_mb(pid))
            await asyncio.sleep(0.2)

    watching = asyncio.create_task(watch())
    try:
        await asyncio.gather(*(printing.printed(work, edition, LANG) for _ in range(2 * processes)))
        started = time.perf_counter()
        await asyncio.gather(*(printing.printed(work, edition, LANG) for _ in range(count)))
        took_s = time.perf_counter() - started
    finally:
        is_printing = False
        await watching
        work.close()
    return count / took_s, highest_mb


def peak_mb(pid: int) -> float:
    """The kernel's own high-water mark; zero for a process that has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except (OSError, psutil.Error):
        return 0.0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _edition() -> Edition:
    parts = msgspec.json.decode((ROOT / "reports/statement/sample.json").read_bytes())
    return Edition(
        statement=canonical_json(parts["statement"]),
        journal=canonical_json(parts["journal"]),
        note=parts["note"],
    )


def _pages(content: bytes) -> int:
    with pikepdf.open(io.BytesIO(content)) as document:
        return len(document.pages)
