"""Each check in turn: form, digests, leaves, root, seal, balances, figures, payments, close."""

import json
from collections.abc import Callable

import msgspec

from trustprop.kernel import merkle
from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.periods import Period
from trustprop.ledger.rules import checkpoint, leaf
from trustprop.statements import rules
from trustprop.statements.model import Journal, JournalEntry, Statement
from trustprop.statements.verify import acts, recompute
from trustprop.statements.verify.report import Finding, Report

Check = Callable[[Statement, Journal], Finding]


def verify(statement_json: bytes, journal_json: bytes, note: str) -> Report:
    """Everything attested is recomputed from the bytes; nothing is looked up."""
    try:
        statement = msgspec.json.decode(statement_json, type=Statement)
        journal = msgspec.json.decode(journal_json, type=Journal)
        _check_canonical(statement_json, statement)
        _check_canonical(journal_json, journal)
    except (ValueError, UnicodeDecodeError, RecursionError) as error:
        return _unreadable(str(error))
    findings = [
        Finding(code="form", holds=True),
        _digest(statement, statement_json, journal_json),
        _note(statement, statement_json, journal, note),
    ]
    for code, check in _CHECKS:
        try:
            findings.append(check(statement, journal))
        except (ValueError, OverflowError, KeyError, IndexError, ZeroDivisionError) as error:
            findings.append(Finding(code=code, holds=False, detail=repr(error)))
    return Report(
        number=statement.number, period=statement.figures.period, findings=tuple(findings)
    )


def _unreadable(detail: str) -> Report:
    bad = Finding(code="form", holds=False, detail=detail)
    return Report(number="?", period="?", findings=(bad,))


def _check_canonical(content: bytes, decoded: object) -> None:
    """The bytes are exactly the RFC 8785 form of what they mean: nothing rides along unread.

    Sorted compact JSON is that form, since names are ASCII and numbers whole; it is much faster.
    """
    if msgspec.json.encode(decoded, order="sorted") != content:
        plain = json.loads(content)
        written = json.loads(canonical_json(decoded))
        raise ValueError(_first_difference(plain, written, "") or "not in canonical form")


def _first_difference(found: object, expected: object, path: str) -> str:
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in sorted(found.keys() | expected.keys()):
            if found.get(key) != expected.get(key):
                return _first_difference(found.get(key), expected.get(key), f"{path}/{key}")
    if isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            if one != other:
                return _first_difference(one, other, f"{path}/{index}")
    return path


def _digest(statement: Statement, statement_json: bytes, journal_json: bytes) -> Finding:
    if statement.journal_digest != sha256(journal_json).hex():
        return Finding(code="digest", holds=False, detail="journal.json")
    return Finding(code="digest", holds=True, detail=sha256(statement_json).hex())


def _note(statement: Statement, statement_json: bytes, journal: Journal, note: str) -> Finding:
    compound_id = statement.compound.compound_id
    expected = rules.note_text(compound_id, statement.number, sha256(statement_json))
    try:
        verifier = checkpoint.Verifier.parse(journal.log_key)
        text = checkpoint.open_note(note, verifier)
    except checkpoint.NoteInvalid as error:
        return Finding(code="note", holds=False, detail=str(error))
    if text != expected or note.count("\n") != expected.count("\n") + 2:
        return Finding(code="note", holds=False, detail="the note attests another statement")
    return Finding(code="note", holds=True, detail=str(verifier))


def _entries(_statement: Statement, journal: Journal) -> Finding:
    root = bytes.fromhex(journal.root)
    before = 0
    for entry in journal.entries:
        if entry.number <= before or not _stands_in(journal, entry, root):
            return Finding(code="entries", holds=False, detail=str(entry.number))
        before = entry.number
    return Finding(code="entries", holds=True, detail=str(len(journal.entries)))


def _stands_in(journal: Journal, entry: JournalEntry, root: bytes) -> bool:
    hashed = leaf.entry_leaf(journal.compound_id, entry)
    index = entry.number - 1 - journal.previous_tree_size
    if index >= 0:
        return (
            index < len(journal.leaves)
            and journal.leaves[index] == hashed.hex()
            and entry.proof is None
        )
    proof = [bytes.fromhex(sibling) for sibling in entry.proof or ()]
    return merkle.verify_inclusion(hashed, entry.number - 1, journal.tree_size, proof, root)


def _memos(_statement: Statement, journal: Journal) -> Finding:
    for entry in journal.entries:
        if (entry.memo is None) != (entry.memo_opening is None):
            return Finding(code="memos", holds=False, detail=str(entry.number))
        if entry.memo is None or entry.memo_opening is None:
            continue
        opening = bytes.fromhex(entry.memo_opening)
        if leaf.memo_commitment(opening, entry.memo).hex() != entry.memo_commitment:
            return Finding(code="memos", holds=False, detail=str(entry.number))
    return Finding(code="memos", holds=True)


def _root(statement: Statement, journal: Journal) -> Finding:
    frontier = tuple(bytes.fromhex(peak) for peak in journal.previous_frontier)
    seal = statement.seal
    odd = ""
    if not _is_frontier_of(frontier, journal.previous_tree_size):
        odd = "the tree sealed before"
    elif journal.tree_size != journal.previous_tree_size + len(journal.leaves):
        odd = "the number of leaves"
    elif seal.previous_tree_size != journal.previous_tree_size or seal.previous_root != (
        merkle.root_of_peaks(frontier).hex() if journal.previous_tree_size else None
    ):
        odd = "the root sealed before"
    else:
        leaves = [bytes.fromhex(hashed) for hashed in journal.leaves]
        peaks = merkle.append(frontier, journal.previous_tree_size, leaves)
        if not merkle.root_of_peaks(peaks).hex() == journal.root == seal.root:
            odd = journal.root
        elif seal.tree_size != journal.tree_size:
            odd = "the size of the tree"
    return Finding(code="root", holds=not odd, detail=odd or journal.root)


def _is_frontier_of(frontier: tuple[bytes, ...], size: int) -> bool:
    if size < 0 or len(frontier) != size.bit_length():
        return False
    return all(len(peak) == (32 if size >> level & 1 else 0) for level, peak in enumerate(frontier))


def _checkpoint(statement: Statement, journal: Journal) -> Finding:
    try:
        verifier = checkpoint.Verifier.parse(journal.log_key)
        opened = checkpoint.open_checkpoint(journal.checkpoint, verifier)
    except checkpoint.NoteInvalid as error:
        return Finding(code="checkpoint", holds=False, detail=str(error))
    same = (
        opened.tree_size == journal.tree_size
        and opened.root.hex() == journal.root
        and opened.origin == checkpoint.origin(journal.compound_id)
        and statement.seal.checkpoint == journal.checkpoint
        and journal.compound_id == statement.compound.compound_id
    )
    return Finding(code="checkpoint", holds=same, detail="" if same else "it seals another journal")


def _balanced(statement: Statement, journal: Journal) -> Finding:
    period = Period.parse(journal.period)
    if journal.period != statement.figures.period:
        return Finding(code="balanced", holds=False, detail=journal.period)
    for entry in journal.entries:
        funds: dict[str, int] = {}
        for line in entry.lines:
            funds[line.fund] = funds.get(line.fund, 0) + line.signed_fen
        if any(funds.values()) or Period.of(entry.accounting_on) != period or len(entry.lines) < 2:
            return Finding(code="balanced", holds=False, detail=str(entry.number))
    return Finding(code="balanced", holds=True)


def _balances(_statement: Statement, journal: Journal) -> Finding:
    expected = rules.closing_balances(journal.opening, journal.entries)
    for found, right in zip(journal.closing, expected, strict=False):
        if found != right:
            return Finding(code="balances", holds=False, detail=f"{found.account}/{found.fund}")
    same = len(journal.closing) == len(expected)
    return Finding(code="balances", holds=same, detail="" if same else "an account is missing")


def _figures(statement: Statement, journal: Journal) -> Finding:
    odd = recompute.first_odd_section(statement.figures, journal)
    return Finding(code="figures", holds=not odd, detail=odd)


def _payments(statement: Statement, journal: Journal) -> Finding:
    odd = acts.first_odd_payment(statement, journal)
    return Finding(code="payments", holds=not odd, detail=odd or str(len(journal.payments)))


def _close(statement: Statement, journal: Journal) -> Finding:
    odd = acts.odd_close(statement, journal)
    return Finding(code="close", holds=not odd, detail=odd)


def _keys(_statement: Statement, journal: Journal) -> Finding:
    keys = {
        f"{signature.office} {signature.key_id}"
        for act in (journal.close_act, *journal.payments)
        for signature in act.signatures
    }
    return Finding(code="keys", holds=True, detail="; ".join(sorted(keys)))


_CHECKS: tuple[tuple[str, Check], ...] = (
    ("entries", _entries),
    ("memos", _memos),
    ("root", _root),
    ("checkpoint", _checkpoint),
    ("balanced", _balanced),
    ("balances", _balances),
    ("figures", _figures),
    ("payments", _payments),
    ("close", _close),
    ("keys", _keys),
)
