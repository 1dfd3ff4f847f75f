"""The assembly's papers: both languages, every glyph, the same bytes, tagged, and right to the fen."""

import socket
import subprocess
from datetime import date
from io import BytesIO
from pathlib import Path

import msgspec
import pikepdf
import pytest
import zxingcpp
from fontTools.ttLib import TTCollection
from msgspec.structs import replace
from PIL import Image

from tests.make import papers as make
from trustprop.compounds.model import Scope
from trustprop.kernel.canonical import canonical_json
from trustprop.meetings import papers, printing
from trustprop.meetings.model.meetings import Step
from trustprop.meetings.model.papers import Measure, PaperName, ReadingKind
from trustprop.meetings.papers.counting import comparisons
from trustprop.plumbing.paper import LANGUAGES, REPORTS
from trustprop.votes import rules as vote_rules
from trustprop.votes.model.counting import Basis, Majority, Reading, Weight

ALL = [(name, lang) for name in PaperName for lang in LANGUAGES]
SAID = {
    PaperName.NOTICE: ("39,480.00", "376"),
    PaperName.AGENDA: ("民法典 278(1)(8)",),
    PaperName.MOTIONS: ("184,320.00", "每季度首月 15 日前预收"),
    PaperName.ROLL: ("563", "12-2-1301"),
    PaperName.PROXY: ("金知远",),
    PaperName.BALLOTS: ("金知远", "89.50", "179.00"),
    PaperName.DELIVERIES: ("2-2-401",),
    PaperName.COUNT_SHEET: ("43,304.00", "35,911.00"),
    PaperName.MINUTES: ("43,304.00",),
    PaperName.DECISIONS: ("82.92%", "70.16%"),
    PaperName.FILING: ("2025-005",),
    PaperName.CERTIFICATE: ("3 × 4,330,400 = 12,991,200", "2 × 5,922,000 = 11,844,000"),
}


@pytest.fixture(scope="module")
def drawn() -> dict[tuple[PaperName, str], bytes]:
    return {(name, lang): printing.render_sample(name, lang) for name, lang in ALL}


def text(content: bytes) -> str:
    told = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True
    )
    return told.stdout.decode()


def paper(told: object, name: PaperName, lang: str = "zh") -> str:
    return text(printing.pdf(name, canonical_json(told), lang))


@pytest.mark.parametrize("name", PaperName)
def test_the_sample_is_the_invented_meeting(name: PaperName):
    assert (REPORTS / name / "sample.json").read_bytes() == make.sample(name)


@pytest.mark.parametrize(("name", "lang"), ALL)
def test_the_same_input_gives_the_same_bytes(name: PaperName, lang: str, drawn):
    assert printing.render_sample(name, lang) == drawn[name, lang]


@pytest.mark.parametrize(("name", "lang"), ALL)
def test_every_paper_is_accessible(name: PaperName, lang: str, drawn):
    with pikepdf.open(BytesIO(drawn[name, lang])) as opened:
        with opened.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["dc:title"]
        assert opened.Root.MarkInfo.Marked
        assert opened.Root.StructTreeRoot.K is not None
        assert str(opened.Root.Lang) == ("zh-CN" if lang == "zh" else "en")


@pytest.mark.parametrize(("name", "lang"), ALL)
def test_every_paper_says_what_it_is_for(name: PaperName, lang: str, drawn):
    said = text(drawn[name, lang])
    assert printing.TITLES[name][lang == "en"] in said
    assert [words for words in SAID[name] if words not in said] == []


@pytest.fixture(scope="module")
def glyphs() -> set[int]:
    found = subprocess.run(
        ["fc-match", "-f", "%{file}", "Noto Sans CJK SC"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return {code for font in TTCollection(found).fonts for code in font.getBestCmap()}


@pytest.mark.parametrize(("name", "lang"), ALL)
def test_every_glyph_is_in_the_font(name: PaperName, lang: str, glyphs: set[int]):
    page = printing.html(name, make.paper(name), "0" * 64, lang)
    assert {char for char in page if ord(char) not in glyphs and not char.isspace()} == set()


@pytest.mark.parametrize(("name", "lang"), ALL)
def test_no_page_is_nearly_empty(name: PaperName, lang: str, drawn):
    pages = text(drawn[name, lang]).split("\f")[:-1]
    lines = [sum(bool(line.strip()) for line in page.splitlines()) for page in pages]
    assert min(lines) >= 9, lines


@pytest.mark.parametrize("name", PaperName)
def test_nothing_is_opened_from_outside(name: PaperName, monkeypatch):
    def refuse(*_args, **_named):
        raise AssertionError("a paper asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    told = make.paper(name)
    hostile = '<img src="http://example.org/x.png"><style>@import "file:///etc/passwd"</style>'
    if name is PaperName.BALLOTS:
        told = replace(
            told, sheet=replace(told.sheet, head=replace(told.sheet.head, compound=hostile))
        )
    else:
        told = replace(told, head=replace(told.head, compound=hostile))
    assert "<img" in paper(told, name)


def test_a_rehearsal_says_so_on_every_paper():
    for name in PaperName:
        told = make.paper(name)
        if name is PaperName.BALLOTS:
            head = replace(told.sheet.head, is_rehearsal=True)
            told = replace(told, sheet=replace(told.sheet, head=head))
        else:
            told = replace(told, head=replace(told.head, is_rehearsal=True))
        assert "模拟会议文件" in printing.html(name, told, "0" * 64, "zh"), name


# the certificate


def test_the_certificate_is_recomputed_from_the_ballots():
    told = msgspec.json.decode(
        (REPORTS / PaperName.CERTIFICATE / "sample.json").read_bytes(),
        type=printing.PAPERS[PaperName.CERTIFICATE],
    )
    counted = vote_rules.count(make.poll())
    assert told.total == Weight(heads=563, area_dm2=5_922_000)
    for shown, result in zip(told.results, counted.results, strict=True):
        decisive = shown.readings[0]
        assert decisive.kind is ReadingKind.DECISIVE
        assert decisive.participating == result.reading.participating
        assert decisive.in_favour == result.reading.in_favour
        assert shown.is_passed == result.is_passed
        again = vote_rules.tally(
            told.total, decisive.participating, decisive.in_favour, shown.item.majority
        )
        assert again == result.reading.tally
        other = shown.readings[1]
        assert other.participating == result.otherwise_invalid.participating


@pytest.mark.parametrize(
    ("majority", "participating", "in_favour", "least", "met"),
    [
        (Majority.ORDINARY, (3_948_000, 376), (1_974_000, 189), (1_974_001, 189), (False, True)),
        (Majority.ORDINARY, (3_948_000, 376), (1_974_001, 188), (1_974_001, 189), (True, False)),
        (Majority.SPECIAL, (4_000_000, 400), (3_000_000, 300), (3_000_000, 300), (True, True)),
        (Majority.SPECIAL, (4_000_000, 400), (2_999_999, 299), (3_000_000, 300), (False, False)),
    ],
)
def test_the_least_that_would_do_is_a_whole_number(majority, participating, in_favour, least, met):
    total = Weight(heads=563, area_dm2=5_922_000)
    took, agreed = (
        Weight(area_dm2=area_dm2, heads=heads) for area_dm2, heads in (participating, in_favour)
    )
    reading = Reading(
        total=total,
        participating=took,
        in_favour=agreed,
        tally=vote_rules.tally(total, took, agreed, majority),
    )
    told = comparisons(reading, majority)
    assert [one.least for one in told] == [3_948_000, 376, *least]
    assert tuple(one.is_met for one in told if one.measure is Measure.MAJORITY) == met


def test_half_is_shown_as_not_more_than_half():
    told = make.paper(PaperName.CERTIFICATE)
    half = Weight(heads=206, area_dm2=2_165_200)
    shown = told.results[0]
    reading = Reading(
        total=told.total,
        participating=shown.readings[0].participating,
        in_favour=half,
        tally=vote_rules.tally(
            told.total, shown.readings[0].participating, half, Majority.ORDINARY
        ),
    )
    failed = replace(
        shown.readings[0],
        in_favour=half,
        comparisons=comparisons(reading, Majority.ORDINARY),
        is_passed=False,
    )
    said = paper(
        replace(told, results=(replace(shown, readings=(failed,), is_passed=False),)),
        PaperName.CERTIFICATE,
    )
    assert "2 × 2,165,200 = 4,330,400 ≤ 1 × 4,330,400 = 4,330,400" in said
    assert "21,652.01" in said
    assert "不成立" in said


def test_the_certificate_writes_its_figures_out():
    said = paper(make.paper(PaperName.CERTIFICATE), PaperName.CERTIFICATE)
    squeezed = "".join(said.split())
    assert "伍万玖仟贰佰贰拾平方米" in squeezed
    assert "59,220.00㎡的三分之二：不少于39,480.00㎡" in squeezed
    assert "563人的三分之二：不少于376人" in squeezed


def test_both_readings_of_silence_are_printed():
    facts = replace(
        make.facts(date(2025, 11, 20), Step.TALLY), silent_majority="《议事规则》第 26 条"
    )
    poll = make.poll()
    clause = Basis(text_id=make.number(14, 1), text_version=2, clause="26")
    returned = {ballot.voter_id for ballot in poll.ballots}
    quiet = frozenset(voter.voter_id for voter in poll.voters) - returned
    poll = replace(poll, warned=quiet, policy=replace(poll.policy, silent_majority=clause))
    counted = vote_rules.count(poll)
    document = replace(make.document(), results=counted.results, seats=counted.seats)
    told = papers.certificate(facts, replace(make.count_facts(), document=document))
    kinds = [reading.kind for reading in told.results[0].readings]
    assert kinds == [
        ReadingKind.DECISIVE, ReadingKind.OTHERWISE_INVALID, ReadingKind.WITHOUT_SILENT,
    ]  # fmt: skip
    said = "".join(paper(told, PaperName.CERTIFICATE).split())
    assert "未表决的不计入多数意见" in said
    assert "《议事规则》第26条" in said


# the ballot


def codes(content: bytes, folder: Path) -> list[list[str]]:
    """What a camera reads from every page."""
    subprocess.run(
        ["pdftoppm", "-r", "110", "-gray", "-png", "-", str(folder / "page")],
        input=content,
        check=True,
    )
    return [
        [found.text for found in zxingcpp.read_barcodes(Image.open(page))]
        for page in sorted(folder.glob("page*.png"))
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_code_of_a_ballot_leads_to_its_voter(lang: str, drawn, tmp_path: Path):
    read = codes(drawn[PaperName.BALLOTS, lang], tmp_path)
    mine, other = make.code(5), make.code(make.SEVERAL)
    assert read == [[mine], [mine], [other], [other]]


def test_the_secret_sheet_names_nobody(drawn):
    pages = text(drawn[PaperName.BALLOTS, "zh"]).split("\f")
    assert "金知远" in pages[0]
    assert "1-1-201" in pages[0]
    for told in ("金知远", "1-1-201", "第 5 号", "89.50"):
        assert told not in pages[1]
    assert "选举第二届业主委员会" in pages[1]
    assert "选举第二届业主委员会" not in pages[0]


def test_a_ballot_warns_where_silence_counts():
    told = make.paper(PaperName.BALLOTS)
    warned = replace(told, sheet=replace(told.sheet, silent_majority="《议事规则》第 26 条"))
    assert "视为同意已表决的多数意见" in "".join(paper(warned, PaperName.BALLOTS).split())
    assert "视为同意" not in "".join(paper(told, PaperName.BALLOTS).split())


def test_a_ballot_asks_only_what_its_homes_are_asked():
    facts = make.facts(date(2025, 11, 5), Step.BALLOTS_OUT)
    first = facts.motions[0]
    scoped = replace(first, content=replace(first.content, scope=Scope(building="12", stair="2")))
    facts = replace(facts, motions=(scoped, *facts.motions[1:]))
    names = {owner_id: owner.name for owner_id, owner in make.owners().items()}
    voters = make.voters()
    here = papers.ballot_to_print(facts, voters[-1], names, "code")
    elsewhere = papers.ballot_to_print(facts, voters[4], names, "code")
    assert here.items == (1, 2, 3, 4, 5)
    assert elsewhere.items == (2, 3, 4, 5)


def test_withdrawn_motions_leave_no_gap_on_the_ballot():
    facts = make.facts(date(2025, 11, 5), Step.BALLOTS_OUT)
    facts = replace(facts, motions=facts.motions[:1] + facts.motions[2:])
    assert [item.position for item in papers.notice(facts).items] == [1, 2, 3, 4]
