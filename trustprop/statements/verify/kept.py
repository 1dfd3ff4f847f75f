"""What a database keeps of a published month, held against the publication: the first difference."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from trustprop.disbursements import rules as disbursements
from trustprop.disbursements.model import Payee
from trustprop.kernel import merkle
from trustprop.kernel.canonical import canonical_json
from trustprop.ledger.model import AttestedEntry
from trustprop.ledger.rules import leaf
from trustprop.meetings.model import Resolution
from trustprop.statements.model import Edition, Journal, SignedAct
from trustprop.statements.verify import acts
from trustprop.statements.verify.report import Finding


class KeptEntry(Struct, frozen=True, kw_only=True):
    """An entry as the database tells it now, and the leaf hash beside it."""

    number: int
    leaf_hash: bytes
    attested: AttestedEntry


class Kept(Struct, frozen=True, kw_only=True):
    """Everything in the database that a publication fixes."""

    edition: Edition | None
    entries: tuple[KeptEntry, ...]
    latecomer: int | None
    """The first entry behind the seal that is dated in the sealed month or before it."""
    nodes: Mapping[merkle.Node, bytes]
    """The stored nodes of the sealed tree."""
    sealed_root: str | None
    balances: Mapping[tuple[str, str], int]
    """By account and fund, as sealed with the month."""
    acts: Mapping[UUID, SignedAct]
    """Every act that counts as signed, not only those of the month."""
    payees: Mapping[UUID, Payee]
    """By the act of the order."""
    resolutions: tuple[Resolution, ...]


def compare(published: Edition, kept: Kept) -> tuple[Finding, ...]:
    """The publication has been verified before; what differs is the database's doing."""
    journal = msgspec.json.decode(published.journal, type=Journal)
    return (
        _finding("kept_edition", _odd_edition(published, kept.edition), ""),
        _finding("kept_entries", _first_odd_entry(journal, kept), str(journal.tree_size)),
        _finding("kept_tree", _first_odd_node(journal, kept), journal.root),
        _finding("kept_balances", _first_odd_balance(journal, kept.balances), ""),
        _finding("kept_acts", _first_odd_act(journal, kept.acts), str(len(kept.acts))),
        _finding("kept_payees", _first_odd_payee(journal, kept), str(len(kept.payees))),
        _finding("kept_resolutions", _first_odd_resolution(kept), str(len(kept.resolutions))),
    )


def _finding(code: str, odd: str, detail: str) -> Finding:
    return Finding(code=code, holds=not odd, detail=odd or detail)


def _odd_edition(published: Edition, kept: Edition | None) -> str:
    if kept is None:
        return "the database does not hold it"
    for name in ("statement", "journal", "note"):
        if getattr(published, name) != getattr(kept, name):
            return f"{name}.{'txt' if name == 'note' else 'json'}"
    return ""


def _first_odd_entry(journal: Journal, kept: Kept) -> str:
    """The number of the first entry that is missing, changed, or added to a sealed month."""
    by_number = {entry.number: entry for entry in kept.entries}
    start = journal.previous_tree_size
    for number in range(1, journal.tree_size + 1):
        entry = by_number.get(number)
        if entry is None:
            return str(number)
        hashed = leaf.entry_leaf(journal.compound_id, entry.attested)
        index = number - 1 - start
        if hashed != entry.leaf_hash or (index >= 0 and hashed.hex() != journal.leaves[index]):
            return str(number)
    older = [by_number[number].leaf_hash for number in range(1, start + 1)]
    return _odd_range(journal, older) or str(kept.latecomer or "")


def _odd_range(journal: Journal, leaves: list[bytes]) -> str:
    """Of entries sealed before, the publication keeps the peaks: the first that differs, by entries."""
    peaks = merkle.append((), 0, leaves)
    end = len(leaves)
    odd = ""
    for level, (found, right) in enumerate(zip(peaks, journal.previous_frontier, strict=True)):
        if found:
            first, end = end - (1 << level) + 1, end - (1 << level)
            if found.hex() != right:
                odd = f"{first}–{end + (1 << level)}"
    return odd


def _first_odd_node(journal: Journal, kept: Kept) -> str:
    """Stored nodes against the leaves beside them, then the root that was sealed."""
    level, hashes = 0, [entry.leaf_hash for entry in kept.entries[: journal.tree_size]]
    while len(hashes) > 1:
        level += 1
        pairs = zip(hashes[::2], hashes[1::2], strict=False)
        hashes = [merkle.node_hash(left, right) for left, right in pairs]
        for index, hashed in enumerate(hashes):
            if kept.nodes.get((level, index)) != hashed:
                return f"{(index << level) + 1}–{(index + 1) << level}"
    return "" if kept.sealed_root == journal.root else "the root sealed with the month"


def _first_odd_balance(journal: Journal, balances: Mapping[tuple[str, str], int]) -> str:
    told = {(row.account, row.fund): row.balance_fen for row in journal.closing}
    for account, fund in sorted(told.keys() | balances.keys()):
        if told.get((account, fund), 0) != balances.get((account, fund), 0):
            return f"{account}/{fund}"
    return ""


def _first_odd_act(journal: Journal, kept: Mapping[UUID, SignedAct]) -> str:
    for published in (journal.close_act, *journal.payments):
        act = kept.get(published.act_id)
        where = "" if published.entry_number is None else f"entry {published.entry_number}: "
        if act is None:
            return f"{where}act {published.act_id} is not there, or not signed"
        for name in ("kind", "digest", "signatures"):
            if getattr(act, name) != getattr(published, name):
                return f"{where}the {name} of act {act.act_id} was changed"
    for act in kept.values():
        odd = acts.odd_act(act, journal.compound_id)
        if odd:
            return f"act {act.act_id} ({act.kind}): {odd}"
    return ""


def _first_odd_payee(journal: Journal, kept: Kept) -> str:
    """Who was paid, by the commitment that both sides signed."""
    for act, number in _orders(journal, kept.acts):
        payee = kept.payees.get(act.act_id)
        told = _body(act)["payee"]
        if payee is None or msgspec.to_builtins(disbursements.public(payee)) != told:
            return f"entry {number}: the payee is not the one signed for"
    return ""


def _orders(
    journal: Journal, kept: Mapping[UUID, SignedAct]
) -> Iterator[tuple[SignedAct, int | None]]:
    for published in journal.payments:
        act = kept.get(published.act_id)
        if act is not None and act.kind == "payment-order":
            yield act, published.entry_number


def _first_odd_resolution(kept: Kept) -> str:
    """A record against what both sides signed of it; a counted one stands on its count instead."""
    for resolution in kept.resolutions:
        act = kept.acts.get(resolution.act_id) if resolution.act_id else None
        told = json.loads(canonical_json(resolution))
        del told["state"]
        if act is not None and _body(act) != told:
            return resolution.number
    return ""


def _body(act: SignedAct) -> Any:
    assert act.payload is not None
    return json.loads(base64.b64decode(act.payload))["body"]
