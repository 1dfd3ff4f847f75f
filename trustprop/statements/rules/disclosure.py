"""What may be shown of an entry or an act, and how its signers are told."""

from trustprop.ledger.model import AttestedEntry, EntryKind
from trustprop.statements.model import SignedAct, SignedBy

_ABOUT_HOMES = {EntryKind.CHARGE, EntryKind.RECEIPT, EntryKind.BANK}
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
