"""The notice for the stairwell: one sheet of A3, figures that tie, and the way to everything else."""

import subprocess
from io import BytesIO

import pikepdf
import pytest

from tests.make import statements as make
from trustprop.kernel.money import yuan
from trustprop.plumbing.paper import LANGUAGES
from trustprop.statements import printing

STATEMENT, _JOURNAL, _NOTE = make.parts()
A3_PT = (842, 1191)


@pytest.fixture(scope="module", params=LANGUAGES)
def lang(request) -> str:
    return request.param


def test_it_is_one_sheet_of_a3_and_the_same_bytes_every_time(lang: str) -> None:
    content = printing.poster(STATEMENT, lang)
    assert printing.poster(STATEMENT, lang) == content
    with pikepdf.open(BytesIO(content)) as document:
        assert len(document.pages) == 1
        box = document.pages[0].mediabox
        assert (round(float(box[2])), round(float(box[3]))) == A3_PT


def test_it_says_the_four_figures_and_expenses_that_add_up(lang: str) -> None:
    text = subprocess.run(
        ["pdftotext", "-layout", "-", "-"],
        input=printing.poster(STATEMENT, lang),
        capture_output=True,
        check=True,
    ).stdout.decode()
    figures = make.published()[0].figures
    summary = figures.summary
    for amount in (summary.opening_fen, summary.in_fen, summary.out_fen, summary.closing_fen):
        assert yuan(amount) in text
    spent = sorted((row.month_fen for row in figures.activities if not row.is_income), reverse=True)
    for amount in (*spent[:6], sum(spent[6:]), sum(spent)):
        assert yuan(amount) in text
