"""The assembly's papers as PDFs: a Struct, a template of its name, two languages."""

import io
from typing import Any

import cn2an
import msgspec
import pikepdf

from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.money import square_metres
from trustprop.kernel.struct import Fact
from trustprop.meetings.model.papers import (
    Agenda,
    Ballots,
    BallotToPrint,
    Certificate,
    CountSheet,
    DecisionNotice,
    DeliveryRegister,
    FilingLetter,
    Item,
    Minutes,
    MotionCards,
    Notice,
    PaperName,
    PrintedRoll,
    ProxyForm,
)
from trustprop.meetings.words import FORMS, FRACTIONS, METHODS, SHARES, TITLES
from trustprop.plumbing import i18n, paper

PAPERS: dict[PaperName, type[Fact]] = {
    PaperName.NOTICE: Notice,
    PaperName.AGENDA: Agenda,
    PaperName.MOTIONS: MotionCards,
    PaperName.ROLL: PrintedRoll,
    PaperName.PROXY: ProxyForm,
    PaperName.BALLOTS: Ballots,
    PaperName.DELIVERIES: DeliveryRegister,
    PaperName.COUNT_SHEET: CountSheet,
    PaperName.MINUTES: Minutes,
    PaperName.DECISIONS: DecisionNotice,
    PaperName.FILING: FilingLetter,
    PaperName.CERTIFICATE: Certificate,
}
LOCALES = {"zh": "zh-CN", "en": "en"}


def pdf(name: PaperName, told: bytes, lang: str) -> bytes:
    """A paper from the canonical JSON of its Struct; the same bytes for the same input.

    Blocks for a second or so: never in the event loop.
    """
    shown = msgspec.json.decode(told, type=PAPERS[name])
    identifier = sha256(f"{name}/{lang}/".encode() + told)[:16]
    return paper.pdf(html(name, shown, sha256(told).hex(), lang), sheets(name), identifier)


def counted_pdf(name: PaperName, told: bytes, lang: str) -> tuple[bytes, int]:
    """The same with its number of pages."""
    content = pdf(name, told, lang)
    with pikepdf.open(io.BytesIO(content)) as opened:
        return content, len(opened.pages)


def sheets(name: PaperName) -> tuple[str, ...]:
    return ("shared/page.css", "shared/letter.css", f"{name}/style.css")


def html(name: PaperName, shown: Any, digest: str, lang: str) -> str:
    """What WeasyPrint lays out."""
    title = TITLES[name][lang == "en"]
    return paper.html(name, words(lang) | {"p": shown, "title": title, "digest": digest})


def render_sample(name: PaperName, lang: str) -> bytes:
    """The sample as a PDF, without a database."""
    sample = (paper.REPORTS / name / "sample.json").read_bytes()
    return pdf(name, canonical_json(msgspec.json.decode(sample)), lang)


def words(lang: str) -> dict[str, Any]:
    """What the templates say in either language."""
    shared = paper.words(lang)
    choose = shared["t"]
    known = i18n.words(LOCALES[lang])

    def of(table: dict[str, tuple[str, str]]) -> Any:
        return lambda key: choose(*table.get(key, (key, key)))

    def scope(item: Item) -> str:
        if not item.building:
            return str(choose("全体业主", "all owners"))
        stair = f" {item.stair}" if item.stair else ""
        return str(choose(f"{item.building}{stair} 业主", f"owners of {item.building}{stair}"))

    return shared | {
        "word": lambda kind, value: known.get((kind, str(value)), str(value).replace("_", " ")),
        "form": of(FORMS),
        "method": of(METHODS),
        "fraction": lambda one: choose(*FRACTIONS[one.numerator, one.denominator, one.is_strict]),
        "share": lambda one: choose(*SHARES[one.numerator, one.denominator, one.is_strict]),
        "scope": scope,
        "area": square_metres,
        "area_in_words": _area_in_words,
        "in_words": lambda number: cn2an.an2cn(str(number), "up"),
        "percent": _percent,
        "qr": paper.qr,
        "asked": _asked,
        "spaced": _spaced,
        "title_of": of(TITLES),
    }


def _asked(items: tuple[Item, ...], ballot: BallotToPrint) -> list[Item]:
    return [item for item in items if item.position in ballot.items]


def _spaced(code: str) -> str:
    """In fours, for whoever has to type it; dashes mean nothing to the reader of codes."""
    return "-".join(code[i : i + 4] for i in range(0, len(code), 4))


def _area_in_words(area_dm2: int) -> str:
    """``3948050`` as ``叁万玖仟肆佰捌拾点伍``."""
    whole, rest = divmod(area_dm2, 100)
    figure = f"{whole}.{rest:02d}".rstrip("0").rstrip(".")
    return str(cn2an.an2cn(figure, "up"))


def _percent(part: int, whole: int) -> str:
    """Two decimals, cut off: what is printed never looks like more than it is."""
    if whole == 0:
        return "—"
    hundredths = part * 10000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
