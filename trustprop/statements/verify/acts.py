"""Signatures: every payment by both sides over what was posted, and the close over the figures."""

import base64
import json
from typing import Any
from uuid import UUID

from trustprop.banking.model import CLEARANCE_ACT
from trustprop.kernel.canonical import digest, sha256
from trustprop.kernel.signatures import Scheme, verify
from trustprop.ledger.model import EntryKind, is_cash
from trustprop.statements import rules
from trustprop.statements.model import (
    Journal,
    JournalEntry,
    Payment,
    PublicSignature,
    SignedAct,
    Statement,
)


def first_odd_payment(statement: Statement, journal: Journal) -> str:
    """What is wrong with the first payment that does not hold; empty when all do."""
    signed = {act.entry_number: act for act in journal.payments}
    if len(signed) != len(journal.payments):
        return "two acts for one entry"
    printed = {payment.entry_number: payment for payment in statement.figures.payments}
    for entry in journal.entries:
        act = signed.pop(entry.number, None)
        out_fen = _cash_out(entry)
        if act is None:
            if out_fen > 0 and entry.kind is not EntryKind.OPENING:
                return f"entry {entry.number}: money left without an order"
            continue
        odd = odd_act(act, journal.compound_id) or _odd_payment(act, entry, out_fen)
        odd = odd or _odd_row(printed.pop(entry.number, None), act, statement, out_fen)
        if odd:
            return f"entry {entry.number}: {odd}"
    if signed or printed:
        return f"entry {min(signed.keys() | printed.keys(), key=str)}: no such entry"
    return ""


def odd_close(statement: Statement, journal: Journal) -> str:
    act = journal.close_act
    odd = odd_act(act, journal.compound_id)
    if odd:
        return odd
    if act.kind != "period-close" or act.payload is None or act.entry_number is not None:
        return "it is not the act of a close"
    body = _payload(act)["body"]
    expected = {
        "period": journal.period,
        "tree_size": journal.tree_size,
        "root": journal.root,
        "trial_balance_digest": rules.trial_balance_digest(journal.closing),
        "figures_digest": digest(statement.figures).hex(),
    }
    for name, value in expected.items():
        if body.get(name) != value:
            return f"signed was another {name}"
    told = (statement.close_act_id, statement.close_act_digest, statement.signatures)
    return "" if told == (act.act_id, act.digest, rules.signers(act)) else "it names other signers"


def _cash_out(entry: JournalEntry) -> int:
    return -sum(line.signed_fen for line in entry.lines if is_cash(line.account))


def odd_act(act: SignedAct, compound_id: UUID) -> str:
    """Payload, digest, and each signature; enough of them from each side."""
    if act.payload is not None:
        payload = base64.b64decode(act.payload, validate=True)
        if base64.b64encode(payload).decode() != act.payload or sha256(payload).hex() != act.digest:
            return "the payload is not what was signed"
        document = json.loads(payload)
        told = (document["type"], document["compound_id"], document["act_id"])
        if told != (f"trustprop/{act.kind}/v1", str(compound_id), str(act.act_id)):
            return "the payload is of another act"
        needed = {rule["party"]: int(rule["count"]) for rule in document["required"]}
    else:
        needed = {"trustee": 1, "owners": 1}
    keys = {signature.key_id for signature in act.signatures}
    if len(keys) != len(act.signatures):
        return "one key signed twice"
    for signature in act.signatures:
        if not _is_good(signature, bytes.fromhex(act.digest)):
            return f"the signature of {signature.office} {signature.key_id[:16]} does not verify"
    for party, count in needed.items():
        if sum(signature.party == party for signature in act.signatures) < count:
            return f"a signature of {party} is missing"
    return ""


def _is_good(signature: PublicSignature, signed: bytes) -> bool:
    key = bytes.fromhex(signature.public_key)
    return (
        signature.scheme in set(Scheme)
        and signature.office.startswith(_OFFICE_OF.get(signature.party, "?"))
        and sha256(key).hex() == signature.key_id
        and len(signed) == 32
        and verify(Scheme(signature.scheme), key, signed, bytes.fromhex(signature.signature))
    )


_OFFICE_OF = {"trustee": "trustee_", "owners": "committee_"}


def _odd_payment(act: SignedAct, entry: JournalEntry, out_fen: int) -> str:
    """The order says what the entry did: amount, fund, account, from which bank account."""
    if act.act_id != entry.act_id:
        return "the entry names another act"
    if act.payload is None:
        return ""
    body = _payload(act)["body"]
    banks = {(line.fund, line.account) for line in entry.lines if is_cash(line.account)}
    if body["amount_fen"] != out_fen:
        return "the amount signed is not the amount posted"
    if banks != {(body["fund"], body["bank_account"])}:
        return "signed was another bank account or fund"
    return ""


def _odd_row(payment: Payment | None, act: SignedAct, statement: Statement, out_fen: int) -> str:
    """What the statement prints of it."""
    if payment is None:
        is_small = out_fen < statement.figures.payments_threshold_fen
        return "" if is_small else "the statement does not show it"
    if (payment.kind, payment.digest, payment.signers) != (
        act.kind,
        act.digest,
        rules.signers(act),
    ):
        return "the statement shows other signers"
    if payment.amount_fen != out_fen:
        return "the statement shows another amount"
    if act.payload is not None:
        told = (str(payment.order_id), payment.purpose, payment.payee or "")
        if told != _said(act):
            return "the statement shows another payee or purpose"
    return ""


def _said(act: SignedAct) -> tuple[str, str, str]:
    """Id, purpose and payee as both sides signed them."""
    body = _payload(act)["body"]
    if act.kind == CLEARANCE_ACT:
        return body["alarm_id"], body["explanation"], ""
    return body["order_id"], body["purpose"], body["payee"]["name"]


def _payload(act: SignedAct) -> dict[str, Any]:
    assert act.payload is not None
    document: dict[str, Any] = json.loads(base64.b64decode(act.payload))
    return document
