"""Two verifiers that share no code: both accept what was counted and refuse whatever was changed."""

import ast
import base64
import copy
import hashlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import click.testing
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.make import counting as make
from tests.make.counting import FOR
from tests.votes.test_document import POLL, SECRETS, polls
from trustprop.cli import cli
from trustprop.kernel import merkle
from trustprop.kernel.canonical import canonical_json
from trustprop.votes import rules
from trustprop.votes.model.counting import CountingPolicy, InvalidBallots, Poll, Standing
from trustprop.votes.verify import verify_vote

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify_vote.py"
DOCUMENT = make.document(POLL)
CONTENT = rules.document_bytes(DOCUMENT)
PLAIN: dict[str, Any] = json.loads(CONTENT)


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("verify_vote", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ALONE = _load()


def ours(content: bytes, receipt: bytes | None = None) -> bool:
    return verify_vote(content, receipt).is_sound


def theirs(content: bytes, receipt: bytes | None = None) -> bool:
    try:
        ALONE.verify(content, receipt)
    except ALONE.Fault:
        return False
    return True


def both(content: bytes, receipt: bytes | None = None) -> bool:
    """The verdict, which must be one."""
    found = ours(content, receipt)
    assert theirs(content, receipt) is found
    return found


def test_the_script_imports_the_standard_library_alone() -> None:
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        str(node.module).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert imported <= sys.stdlib_module_names


# What was counted


def test_both_accept_a_count() -> None:
    assert both(CONTENT)


@settings(max_examples=60)
@given(polls())
def test_both_accept_every_count(drawn: Poll) -> None:
    assert both(rules.document_bytes(make.document(drawn)))


@settings(max_examples=30)
@given(st.integers(2, 9), st.integers(1, 3), st.data())
def test_both_seat_the_same_candidates(count: int, seats: int, data: st.DataObject) -> None:
    election = make.election(1, seats=seats, candidates=4)
    voters = make.voters(count)
    ballots = tuple(
        make.ballot(
            voter,
            number,
            *(make.answer(election, FOR, place) for place in data.draw(st.sets(st.integers(0, 3)))),
        )
        for number, voter in enumerate(voters, 1)
    )
    drawn = Poll(questions=(election,), voters=voters, ballots=ballots)
    assert both(rules.document_bytes(make.document(drawn)))


def test_both_say_the_figures_and_the_outcome() -> None:
    report = verify_vote(CONTENT)
    said = report.text("en")
    assert "1. 议题1: passed" in said
    results, elected = ALONE.verify(CONTENT)[1:3]
    assert [one["is_passed"] for one in results] == [one.is_passed for one in DOCUMENT.results]
    assert {UUID(one) for one in elected} == {
        one for seat in DOCUMENT.seats for one in seat.elected
    }
    for lang in ("zh", "en"):
        assert report.text(lang).count("✓") == len(report.findings)


# What was changed


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every name, list and value in the document."""
    if path:
        yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


def others(value: Any, name: str) -> list[Any]:
    """Other values that are of the right form, and some that are not."""
    if isinstance(value, bool):
        return [not value, int(value)]
    if isinstance(value, int):
        return [value + 1, value - 1, str(value)]
    if value is None:
        basis = json.loads(canonical_json(make.BASIS))
        return [str(UUID(int=1)), basis, ""]
    if isinstance(value, list):
        return [value[:-1], [*value, *value[:1]], value[::-1]]
    if isinstance(value, dict):
        return [{}, value | {"more": 1}, None]
    last = "0" if value[-1:] != "0" else "1"
    enums = {"choice": make.Choice, "majority": make.Majority, "standing": Standing}
    return [value[:-1] + last, "", *(str(one) for one in enums.get(name, ()))]


def changed(path: tuple[Any, ...], to: Any) -> dict[str, Any]:
    document = copy.deepcopy(PLAIN)
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return document


def at(path: tuple[Any, ...]) -> Any:
    value: Any = PLAIN
    for step in path:
        value = value[step]
    return value


CHANGES = [
    (path, other)
    for path in places(PLAIN)
    for other in others(at(path), str(path[-1]))
    if other != at(path) or type(other) is not type(at(path))
]


def test_no_field_can_be_changed_without_both_finding_it() -> None:
    assert len(CHANGES) > 1_000
    found = [(path, other) for path, other in CHANGES if both(canonical_json(changed(path, other)))]
    assert found == []


@settings(max_examples=200)
@given(st.integers(0, len(CONTENT) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed_without_both_finding_it(place: int, by: int) -> None:
    forged = bytearray(CONTENT)
    forged[place] ^= by
    assert not both(bytes(forged))


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 5_000, CONTENT[:-1], CONTENT + b" "]
)
def test_what_is_no_count_is_refused_by_both(content: bytes) -> None:
    assert not both(content)


def test_a_name_that_stands_twice_is_refused_by_both() -> None:
    assert not both(CONTENT.replace(b'"tree_size":', b'"tree_size":1,"tree_size":'))


def sealed(document: dict[str, Any]) -> bytes:
    """As a forger would who rewrites the tree too: rows in order, root and size right."""
    document["register"].sort(key=lambda row: str(row["commitment"]))
    document["slips"].sort(
        key=lambda slip: (
            str(slip["question_id"]),
            str(slip["candidate_id"] or ""),
            str(slip["id"]),
        )
    )
    leaves = [document["head"], *document["register"], *document["slips"]]
    hashes = [merkle.leaf_hash(canonical_json(leaf)) for leaf in leaves]
    document["tree_size"], document["root"] = len(hashes), merkle.root(hashes).hex()
    return canonical_json(document)


FREE = {
    "id", "commitment", "title", "legal_basis", "name", "compound_id", "vote_id", "subject_id",
    "record_on", "opens_at", "closes_at", "counted_at", "digest", "head", "is_rehearsal", "size",
    "text_id", "text_version", "clause", "proxies_per_holder", "position", "building",
    "stair", "silent_majority_on_special",
}  # fmt: skip
"""What nothing within the file contradicts once the tree is rewritten; the printed root does."""


def test_a_forger_who_rewrites_the_tree_is_found_by_both_in_every_figure() -> None:
    unfound = set()
    for path, other in CHANGES:
        if isinstance(at(path), dict) or isinstance(other, dict):
            continue
        document = changed(path, other)
        try:
            content = sealed(document)
        except (TypeError, AttributeError, KeyError):
            continue
        if content != CONTENT and both(content):
            unfound.add(str(path[-1]))
    assert unfound <= FREE


FORGERIES: dict[str, Callable[[dict[str, Any]], None]] = {
    "a vote against becomes one for": lambda d: _slip(d, "against").update(choice="for"),
    "a slip weighs more": lambda d: _slip(d, "for").update(area_dm2=_slip(d, "for")["area_dm2"] + 1),
    "a slip is left out": lambda d: d["slips"].remove(_slip(d, "for")),
    "a slip is put in": lambda d: d["slips"].append(_slip(d, "for") | {"id": "0" * 64}),
    "a voter is left out": lambda d: d["register"].pop(),
    "a voter is put in": lambda d: d["register"].append(d["register"][0] | {"commitment": "0" * 64}),
    "a held voter is counted": lambda d: _row(d, "held").update(standing="counted"),
    "an invalid ballot is counted": lambda d: _row(d, "invalid").update(standing="counted"),
    "a silent voter is left out": lambda d: d["register"].remove(_row(d, "silent")),
    "the roll shrinks": lambda d: d["head"]["roll"].update(heads=4, area_dm2=40_000),
    "a motion needs less": lambda d: d["head"]["questions"][0].update(majority="special"),
    "the silent count without a clause": lambda d: d["head"]["policy"].update(silent_majority=None),
    "a candidate is seated": lambda d: d["seats"][0].update(open_seats=0),
}  # fmt: skip


def _slip(document: dict[str, Any], choice: str) -> dict[str, Any]:
    return next(slip for slip in document["slips"] if slip["choice"] == choice)


def _row(document: dict[str, Any], standing: str) -> dict[str, Any]:
    return next(row for row in document["register"] if row["standing"] == standing)


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_with_its_tree_rewritten_is_refused_by_both(forgery: str) -> None:
    document = copy.deepcopy(PLAIN)
    FORGERIES[forgery](document)
    assert not both(sealed(document))


@pytest.mark.parametrize(
    "policy",
    [
        CountingPolicy(invalid_ballots=InvalidBallots.TAKE_PART),
        CountingPolicy(silent_majority_on_special=True),
        CountingPolicy(has_parking=True),
    ],
)
def test_a_policy_without_its_clause_is_refused_by_both(policy: CountingPolicy) -> None:
    assert not both(rules.document_bytes(make.document(replace(POLL, policy=policy))))


# Receipts


def receipt(number: int = 1, **facts: Any) -> bytes:
    cast = POLL.ballots[number - 1]
    kept = {
        "vote_id": str(DOCUMENT.head.vote_id),
        "voter_id": str(cast.voter_id),
        "secret": base64.b64encode(SECRETS[cast.ballot_id]).decode(),
        "sequence": number,
        "chain": DOCUMENT.head.box.head if number == 6 else "12" * 32,
    } | facts
    return json.dumps({name: value for name, value in kept.items() if value is not None}).encode()


@pytest.mark.parametrize("sequence", [1, 2, 3, 4, 6])
def test_both_find_the_ballot_of_a_receipt(sequence: int) -> None:
    assert both(CONTENT, receipt(sequence))


def test_a_receipt_says_the_choices_and_a_proof_without_the_secret_does_not() -> None:
    own = verify_vote(CONTENT, receipt())
    assert "Your choice: for · 1 议题1" in own.text("en")
    salt = rules.salt_of(SECRETS[POLL.ballots[0].ballot_id]).hex()
    shown = receipt(secret=None, salt=salt)
    assert both(CONTENT, shown)
    said = verify_vote(CONTENT, shown).text("en")
    assert "Your row is in the register" in said
    assert "Your choice" not in said
    assert [zh for zh, _, _ in ALONE.verify(CONTENT, shown)[3]] == [
        "参与登记中有您的一行",
        "您的票的状态",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"[]",
        receipt(vote_id=str(UUID(int=5))),
        receipt(voter_id=str(UUID(int=5))),
        receipt(voter_id="nobody"),
        receipt(secret=base64.b64encode(b"of somebody else").decode()),
        receipt(secret="no base64"),
        receipt(1, sequence=7),
        receipt(6, chain="12" * 32),
    ],
)
def test_a_receipt_that_is_not_of_this_box_is_refused_by_both(wrong: bytes) -> None:
    assert not both(CONTENT, wrong)


def test_an_owner_whose_vote_was_turned_finds_it_though_all_sums_agree() -> None:
    """The forger moves a vote in register, slips and results alike; only its owner can tell."""
    cast = POLL.ballots[0]
    turned = replace(cast, answers=(make.answer(POLL.questions[0], make.AGAINST),))
    other = replace(POLL, ballots=(turned, *POLL.ballots[1:]))
    secrets = SECRETS | {cast.ballot_id: b"not the secret of the owner"}
    forged = rules.document_bytes(make.document(other, secrets))
    assert both(forged)
    assert not both(forged, receipt())


# The commands


def run(*arguments: object) -> click.testing.Result:
    return click.testing.CliRunner().invoke(cli, ["verify-vote", *map(str, arguments)])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_commands_say_it_and_end_with_nought_or_one(tmp_path: Path, lang: str) -> None:
    good, bad, kept = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "receipt.json"
    good.write_bytes(CONTENT)
    kept.write_bytes(receipt())
    bad.write_bytes(CONTENT.replace(b'"for"', b'"against"', 1))
    verdicts = {"zh": ("全部成立", "请勿采信"), "en": ("All of it holds", "do not rely")}[lang]
    digest = hashlib.sha256(CONTENT).hexdigest()
    for file, code in ((good, 0), (bad, 1)):
        options = ("--lang", lang, "--receipt", kept, "--digest", digest)
        said = run(file, *options)
        alone = subprocess.run(
            [sys.executable, "-I", SCRIPT, file, *options],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (said.exit_code, alone.returncode) == (code, code)
        assert verdicts[code] in said.output.splitlines()[-1]
        assert verdicts[code] in alone.stdout.splitlines()[-1]


def test_another_digest_than_the_printed_one_is_told(tmp_path: Path) -> None:
    file = tmp_path / "vote.json"
    file.write_bytes(CONTENT)
    assert run(file, "--digest", "00" * 32).exit_code == 1
    with pytest.raises(ALONE.Fault):
        ALONE.verify(CONTENT, printed="00" * 32)


def test_the_report_comes_as_json_too(tmp_path: Path) -> None:
    file = tmp_path / "vote.json"
    file.write_bytes(CONTENT)
    report = json.loads(run(file, "--json").output)
    assert all(finding["holds"] for finding in report["findings"])
    assert len(report["outcomes"]) == len(DOCUMENT.results)
