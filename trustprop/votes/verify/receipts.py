"""One owner's receipt against the published count: the row, and with the secret the choices."""

from uuid import UUID

import msgspec

from trustprop.kernel.struct import Fact
from trustprop.votes import rules
from trustprop.votes.model.counting import Question, Standing
from trustprop.votes.model.document import RegisterRow, Slip, VoteDocument
from trustprop.votes.verify.report import Finding


class Kept(Fact):
    """What an owner keeps of a ballot. A proof that is shown has ``salt`` in place of ``secret``."""

    vote_id: UUID
    voter_id: UUID
    secret: bytes | None = None
    """Base64 in the file."""
    salt: str | None = None
    sequence: int = 0
    chain: str = ""


def check(document: VoteDocument, receipt: bytes) -> list[Finding]:
    """The findings of a receipt: its place in the box, the voter's row, and every slip."""
    try:
        kept = msgspec.json.decode(receipt, type=Kept)
        salt = _salt(kept)
    except ValueError as error:
        return [Finding(code="receipt", holds=False, detail=str(error))]
    if kept.vote_id != document.head.vote_id:
        return [Finding(code="receipt", holds=False, detail=str(kept.vote_id))]
    commitment = rules.row_commitment(salt, kept.voter_id, kept.vote_id)
    row = next((row for row in document.register if row.commitment == commitment), None)
    if row is None:
        return [Finding(code="receipt_row", holds=False, detail=commitment)]
    findings = [
        Finding(code="receipt_row", holds=True, detail=commitment),
        Finding(code="receipt_standing", holds=True, term=row.standing),
    ]
    if kept.sequence:
        findings.append(_place(document, kept))
    if kept.secret is not None and row.standing is Standing.COUNTED:
        secret = rules.slip_secret_of(kept.secret)
        findings += [
            _choice(document, row, place, item, secret, kept.voter_id)
            for place, question in enumerate(document.head.questions)
            if row.weights[place].heads
            for item in rules.items_of(question)
        ]
    return findings


def _salt(kept: Kept) -> bytes:
    if kept.secret is not None:
        return rules.salt_of(kept.secret)
    return bytes.fromhex(kept.salt or "")


def _place(document: VoteDocument, kept: Kept) -> Finding:
    """The receipt's place lies in the box that was counted; the last one is its head."""
    box = document.head.box
    is_last = kept.sequence == box.size
    holds = kept.sequence <= box.size and (not is_last or kept.chain == box.head)
    return Finding(code="receipt_place", holds=holds, detail=str(kept.sequence))


def _choice(
    document: VoteDocument,
    row: RegisterRow,
    place: int,
    item: rules.Item,
    slip_secret: bytes,
    voter_id: UUID,
) -> Finding:
    """All slips of one item: they say one choice and weigh what the row weighs."""
    question = document.head.questions[place]
    own = _own(document, item, slip_secret, voter_id)
    weight = row.weights[place]
    told = (sum(slip.heads for slip in own), sum(slip.area_dm2 for slip in own))
    choices = {slip.choice for slip in own}
    if told != (weight.heads, weight.area_dm2) or len(choices) != 1:
        return Finding(code="receipt_choice", holds=False, detail=_name(question, item))
    return Finding(
        code="receipt_choice", holds=True, detail=_name(question, item), term=choices.pop()
    )


def _own(
    document: VoteDocument, item: rules.Item, slip_secret: bytes, voter_id: UUID
) -> list[Slip]:
    slips = {
        slip.id: slip for slip in document.slips if (slip.question_id, slip.candidate_id) == item
    }
    found: list[Slip] = []
    while True:
        slip = slips.get(rules.slip_id(slip_secret, voter_id, *item, len(found)))
        if slip is None:
            return found
        found.append(slip)


def _name(question: Question, item: rules.Item) -> str:
    names = {candidate.candidate_id: candidate.name for candidate in question.candidates}
    return f"{question.position} {names[item[1]] if item[1] else question.title}"
