"""The offline check: the sample holds, and any byte of it changed is found."""

import json
import random
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.make import statements as make
from trustprop.kernel.canonical import sha256
from trustprop.ledger.rules import checkpoint
from trustprop.statements import rules, verify
from trustprop.statements.printing import pdf
from trustprop.statements.verify.chinese import chinese

STATEMENT, JOURNAL, NOTE = make.parts()


def reseal(statement: Any, journal: Any) -> tuple[bytes, bytes, str]:
    """What whoever holds the log's key could publish; only the signers' keys are not theirs."""
    journal_json = msgspec.json.encode(journal, order="sorted")
    statement["journal_digest"] = sha256(journal_json).hex()
    statement_json = msgspec.json.encode(statement, order="sorted")
    text = rules.note_text(make.COMPOUND_ID, statement["number"], sha256(statement_json))
    note = checkpoint.sign_note(text, rules.note_name(make.COMPOUND_ID), make.key("log"))
    return statement_json, journal_json, note


def test_the_sample_holds_in_plain_words():
    report = verify.verify(STATEMENT, JOURNAL, NOTE)
    assert report.is_sound
    assert report.first_bad is None
    assert "全部成立" in report.text("zh")
    assert "44 entries" in report.text("en")


def test_the_control_any_resealed_sample_unchanged_holds():
    assert verify.verify(*reseal(json.loads(STATEMENT), json.loads(JOURNAL))).is_sound


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every field; of the rows of a list the first and the last where the field is there."""
    shapes: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    for place in _every_place(value, path):
        shape = tuple("*" if isinstance(step, int) else step for step in place)
        shapes.setdefault(shape, []).append(place)
    return [place for found in shapes.values() for place in {found[0], found[-1]}]


def _every_place(value: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [place for key in value for place in _every_place(value[key], (*path, key))]
    if isinstance(value, list):
        return [
            place for key, item in enumerate(value) for place in _every_place(item, (*path, key))
        ]
    return [path]


def _change(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if value is None:
        return "x"
    if not value:
        return "0"
    last = value[-1]
    return value[:-1] + ("1" if last == "0" else "0")


def _changed(document: Any, path: tuple[Any, ...]) -> Any:
    copy = json.loads(json.dumps(document))
    *way, last = path
    target = copy
    for step in way:
        target = target[step]
    target[last] = _change(target[last])
    return copy


def test_every_field_of_the_figures_is_attested_by_the_signers():
    """Even whoever holds the log's key and seals again cannot change one of them."""
    statement, journal = json.loads(STATEMENT), json.loads(JOURNAL)
    missed = [
        path
        for path in _places(statement["figures"], ("figures",))
        if verify.verify(*reseal(_changed(statement, path), journal)).is_sound
    ]
    assert missed == []


def test_every_field_of_the_journal_is_attested():
    journal = json.loads(JOURNAL)
    missed = [
        path
        for path in _places(journal)
        if verify.verify(*reseal(json.loads(STATEMENT), _changed(journal, path))).is_sound
    ]
    assert missed == []


@pytest.mark.parametrize("part", [0, 1, 2])
def test_any_byte_changed_is_found(part):
    seed = 20250930 + part
    chance = random.Random(seed)
    parts = [STATEMENT, JOURNAL, NOTE.encode()]
    for position in chance.sample(range(len(parts[part])), min(150, len(parts[part]))):
        changed = bytearray(parts[part])
        changed[position] ^= 1 << chance.randrange(7)
        given = list(parts)
        given[part] = bytes(changed)
        report = verify.verify(given[0], given[1], given[2].decode(errors="replace"))
        assert not report.is_sound, (seed, part, position)


def test_an_entry_changed_is_named():
    journal = json.loads(JOURNAL)
    journal["entries"][30]["lines"][0]["signed_fen"] += 1
    report = verify.verify(*reseal(json.loads(STATEMENT), journal))
    assert report.first_bad is not None
    assert report.first_bad.code == "entries"
    assert "第 31 号分录" in report.first_bad.text("zh")


def test_a_payment_without_the_owners_signature_is_named():
    journal = json.loads(JOURNAL)
    journal["payments"][3]["signatures"].pop()
    report = verify.verify(*reseal(json.loads(STATEMENT), journal))
    bad = {finding.code: finding.detail for finding in report.findings if not finding.holds}
    assert bad == {"payments": "entry 23: a signature of owners is missing"}


def test_money_out_without_an_order_is_named():
    journal = json.loads(JOURNAL)
    del journal["payments"][0]
    report = verify.verify(*reseal(json.loads(STATEMENT), journal))
    bad = {finding.code: finding.detail for finding in report.findings if not finding.holds}
    assert bad == {"payments": "entry 18: money left without an order"}
    assert report.first_bad is not None
    assert "第 18 号分录：钱付出去了，却没有双方签名的付款单" in report.first_bad.text("zh")


def test_the_same_key_for_both_sides_is_refused():
    journal = json.loads(JOURNAL)
    first, second = journal["payments"][0]["signatures"]
    second |= {key: first[key] for key in ("key_id", "public_key", "signature")}
    report = verify.verify(*reseal(json.loads(STATEMENT), journal))
    assert any("one key signed twice" in finding.detail for finding in report.findings)


def test_a_pdf_and_a_bundle_are_verified_alike(tmp_path):
    paper = tmp_path / "statement.pdf"
    paper.write_bytes(pdf(STATEMENT, JOURNAL, NOTE, "zh"))
    bundle = tmp_path / "statement.json"
    bundle.write_bytes(make.sample())
    assert verify.verify_file(paper) == verify.verify_file(bundle)
    assert verify.verify_file(paper).is_sound


def test_what_is_no_statement_is_refused(tmp_path):
    for content in (b"", b"{}", b"%PDF-1.7 nothing", b'{"journal":{},"note":1,"statement":{}}'):
        path = tmp_path / "file"
        path.write_bytes(content)
        with pytest.raises(verify.Unreadable):
            verify.verify_file(path)


def test_every_detail_of_the_check_has_its_chinese_words():
    folder = Path(verify.__file__).parent
    source = (folder / "acts.py").read_text(encoding="utf-8")
    phrases = re.findall(r'(?:return|else) "([^"{]+)"', source)
    assert len(phrases) > 12
    assert [phrase for phrase in phrases if chinese(phrase) == phrase] == []
    for said in (
        "a signature of owners is missing",
        "signed was another root",
        "entry 3: no such entry",
    ):
        assert not re.search("[a-z]{3}", chinese(said)), chinese(said)
