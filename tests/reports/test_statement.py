"""The printed statement: same bytes for same input, every glyph there, archival, nothing from outside."""

import ctypes.util
import subprocess
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from fontTools.ttLib import TTCollection
from msgspec.structs import replace
from weasyprint import CSS, HTML

from tests.make import statements as make
from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.plumbing.paper import LANGUAGES, REPORTS
from trustprop.statements import printing, verify
from trustprop.statements.printing import pdf, render_sample

STATEMENT, JOURNAL, NOTE = make.parts()


@pytest.fixture(scope="module", params=LANGUAGES)
def lang(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def paper(lang: str) -> bytes:
    return pdf(STATEMENT, JOURNAL, NOTE, lang)


def document(lang: str, statement=None):
    statement = statement or make.published()[0]
    text = printing.html(statement, sha256(STATEMENT).hex(), lang)
    return HTML(string=text).render(
        stylesheets=[
            CSS(filename=REPORTS / "shared/page.css"),
            CSS(filename=REPORTS / "statement/style.css"),
        ]
    )


def test_the_sample_is_the_constructed_month():
    assert (REPORTS / "statement/sample.json").read_bytes() == make.sample()


def test_the_same_input_gives_the_same_bytes(lang: str, paper: bytes):
    assert pdf(STATEMENT, JOURNAL, NOTE, lang) == paper
    assert render_sample(lang) == paper


def test_the_subsetter_is_installed():
    """Without libharfbuzz-subset one page of Chinese takes seconds."""
    assert ctypes.util.find_library("harfbuzz-subset") is not None


def test_every_glyph_is_in_the_font(lang: str):
    found = subprocess.run(
        ["fc-match", "-f", "%{file}", "Noto Sans CJK SC"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert "NotoSansCJK" in found
    glyphs = {code for font in TTCollection(found).fonts for code in font.getBestCmap()}
    statement, _journal = make.published()
    text = printing.html(statement, sha256(STATEMENT).hex(), lang)
    assert {char for char in text if ord(char) not in glyphs and not char.isspace()} == set()


def test_every_font_is_embedded_and_a_subset(paper: bytes):
    with pikepdf.open(BytesIO(paper)) as opened:
        fonts = [
            descendant
            for font in opened.objects
            if isinstance(font, pikepdf.Dictionary) and font.get("/Subtype") == "/Type0"
            for descendant in font.DescendantFonts
        ]
        names = {str(font.BaseFont) for font in fonts}
        assert all("/FontFile3" in font.FontDescriptor for font in fonts)
    assert len(names) >= 2
    assert all("Noto-Sans" in name and name[7] == "+" for name in names)


def test_it_is_archival_tagged_and_carries_its_data(paper: bytes, lang: str):
    with pikepdf.open(BytesIO(paper)) as opened:
        with opened.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "U")
        assert opened.Root.MarkInfo.Marked
        assert str(opened.Root.Lang) == ("zh-CN" if lang == "zh" else "en")
        assert len({str(spec.UF) for spec in opened.Root.AF}) == 4
        found = {name: spec.get_file().read_bytes() for name, spec in opened.attachments.items()}
    assert found["statement.json"] == STATEMENT
    assert found["journal.json"] == JOURNAL
    assert found["note.txt"].decode() == NOTE
    assert found["journal.csv"].startswith(b"\xef\xbb\xbfnumber,date,kind")
    assert found["journal.csv"].count(b"\r\n") == 1 + sum(
        len(entry["lines"]) for entry in make.SOURCE["journal"]
    )


def test_the_summary_is_the_first_page_alone(lang: str):
    drawn = document(lang)
    titles = {label: destination[0] for label, destination, *_rest in _flat(drawn)}
    first = next(label for label in titles if label.startswith("1"))
    assert titles[first] == 1
    assert 8 <= len(drawn.pages) <= 14


def test_no_page_is_empty(paper: bytes):
    with pikepdf.open(BytesIO(paper)) as opened:
        assert min(len(page.Contents.read_bytes()) for page in opened.pages) > 3000


def test_no_section_is_left_alone_on_the_last_page():
    statement, _journal = make.published()
    asked = statement.figures.questions[0]
    for count in (2, 18):
        told = replace(statement, figures=replace(statement.figures, questions=(asked,) * count))
        drawn = document("zh", told)
        last = [
            label for label, target, *_rest in _flat(drawn) if target[0] == len(drawn.pages) - 1
        ]
        assert len(last) >= 2, f"with {count} questions"


def _flat(drawn):
    pending = list(drawn.make_bookmark_tree())
    while pending:
        bookmark = pending.pop(0)
        yield bookmark
        pending += bookmark[2]


def test_a_statement_opens_nothing_from_outside():
    statement, journal = make.published()
    hostile = replace(
        statement, compound=replace(statement.compound, name='<img src="file:///etc/passwd">')
    )
    printed = pdf(canonical_json(hostile), canonical_json(journal), NOTE, "zh")
    with pikepdf.open(BytesIO(printed)) as opened:
        assert "<img" in str(opened.docinfo["/Author"])


def test_a_memo_is_no_formula_in_a_spreadsheet():
    _statement, journal = make.published()
    odd = replace(journal.entries[21], memo="=HYPERLINK(1)")
    table = printing.entries_csv(replace(journal, entries=(odd,)))
    assert b",'=HYPERLINK(1)," in table


def test_the_sample_verifies_from_paper(tmp_path: Path, paper: bytes):
    path = tmp_path / "statement.pdf"
    path.write_bytes(paper)
    assert verify.verify_file(path).is_sound
