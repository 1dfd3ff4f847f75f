"""What may be shown of an entry or an act, and how its signers are told."""

import re

from trustprop.ledger.model import AttestedEntry, EntryKind
from trustprop.statements.model import SignedAct, SignedBy

_ABOUT_HOMES = {EntryKind.CHARGE, EntryKind.RECEIPT, EntryKind.BANK}
_NUMBERS = re.compile(r"\d{5,}|\d+\s*[-－—]\s*\d{3,4}(?!\d)|\d{3,4}\s*(?:室|房|户)")
"""Telephones, identity and bank numbers; homes as 3-1201 or 1201室."""
_BY_A_BOOKKEEPER = {EntryKind.VOUCHER, EntryKind.REVERSAL}


def memo_is_public(entry: AttestedEntry, *, payee_is_person: bool = False) -> bool:
    """Whether the words of an entry can name nobody but firms (PIPL art. 25).

    Charges, receipts and bank lines are about homes; a voucher is when a line has a counterparty.
    """
    if entry.kind in _ABOUT_HOMES or payee_is_person:
        return False
    if entry.kind in _BY_A_BOOKKEEPER:
        return not any(line.counterparty_commitment for line in entry.lines)
    return True


def signers(act: SignedAct) -> tuple[SignedBy, ...]:
    return tuple(
        SignedBy(
            party=signature.party,
            office=signature.office,
            key_id=signature.key_id,
            signed_at=signature.signed_at,
        )
        for signature in act.signatures
    )


def masked(text: str) -> str:
    """Words written by people, without numbers that lead to a person or a home."""
    return _NUMBERS.sub("＊", text)
