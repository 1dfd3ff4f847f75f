"""Acts about the compound itself: its founding, its offices, its governing texts."""

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from trustprop.acts import rules as act_rules
from trustprop.acts import service as acts
from trustprop.acts.model import BOTH_SIDES, Act, DraftAct
from trustprop.acts.service import Effect
from trustprop.compounds import service as compounds
from trustprop.compounds.model import (
    Appointment,
    Founding,
    InstrumentAmendment,
    MandateEnd,
    TextDraft,
)
from trustprop.evidence import service as evidence
from trustprop.identity import rules as identity_rules
from trustprop.identity import service as identity
from trustprop.identity.model import KeyState, SigningKey
from trustprop.kernel.caller import Caller, Office, Party
from trustprop.kernel.errors import FieldError, FieldsInvalid
from trustprop.meetings import rules
from trustprop.meetings.model import (
    DraftFounding,
    DraftMandate,
    DraftMandateEnd,
    DraftText,
    Matter,
)
from trustprop.meetings.model.foundations import DraftAmendment
from trustprop.meetings.rules.foundations import matter_of_amendment
from trustprop.meetings.service.resolutions import require
from trustprop.plumbing.database import Tx

FOUNDING = act_rules.FOUNDING
MANDATE = "mandate"
MANDATE_END = "mandate-end"
GOVERNING_TEXT = "governing-text"
AMENDMENT = "trust-instrument-amendment"
SIGNING_OFFICES = tuple(office for office in Office if office.may_sign)

T = TypeVar("T", bound=Struct)


async def draft_founding(tx: Tx, caller: Caller, command: DraftFounding) -> Act:
    """Puts the trust instrument before everybody whose key it names (operator key).

    Raises AlreadyFounded, or FieldsInvalid naming all that Trust Law 9 or a limit misses, and every
    key that its holder has not proved.
    """
    caller.check_scope(compounds.OPERATOR)
    founding = _part(Founding, command)
    await compounds.check_founding(tx, caller.compound_id, founding)
    await _check_documents(tx, caller, founding.texts)
    await _check_keys(tx, caller, founding)
    body = msgspec.to_builtins(founding)
    draft = DraftAct(
        act_id=command.id,
        kind=FOUNDING,
        subject_id=caller.compound_id,
        body=body,
        expires_at=command.expires_at,
        required=act_rules.founding_required(body),
    )
    return await acts.draft(tx, caller, draft)


async def _check_keys(tx: Tx, caller: Caller, founding: Founding) -> None:
    errors = []
    for i, appointment in enumerate(founding.mandates):
        if appointment.key_id is None:
            continue
        key = await identity.find_key(tx, caller.compound_id, appointment.key_id)
        if not _is_of(key, appointment.person_id, KeyState.PROVED):
            pointer = f"/mandates/{i}/key_id"
            errors.append(
                FieldError(
                    pointer=pointer, code=rules.KeyOfAnother.code, detail=rules.KeyOfAnother.detail
                )
            )
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


def _is_of(key: SigningKey | None, person_id: UUID, *states: KeyState) -> bool:
    return key is not None and key.person_id == person_id and key.state in states


async def _check_documents(tx: Tx, caller: Caller, texts: Iterable[TextDraft]) -> None:
    digests = [text.document_sha256 for text in texts if text.document_sha256]
    await evidence.check_exist(tx, caller.compound_id, digests)


async def _found(tx: Tx, caller: Caller, act: Act) -> None:
    founding = msgspec.convert(act.body, Founding)
    terms = await compounds.found(tx, caller, founding, act.act_id)
    signing = [term for term in terms if term.office.may_sign]
    for appointment in act_rules.founders(act.body):
        assert appointment.key_id is not None
        out_on = max(term.out_on for term in signing if term.person_id == appointment.person_id)
        expires_at = act_rules.start_of_day(out_on)
        await identity.activate_key(tx, caller, appointment.key_id, act.act_id, expires_at)


async def draft_mandate(tx: Tx, caller: Caller, command: DraftMandate) -> Act:
    """Puts an appointment before both sides; an owners' office needs the resolution that elected it.

    Raises NotOpen, MandateTermWrong, BothSides, KeyOfAnother, MandateNeedsResolution and what
    ``require`` raises.
    """
    caller.check_office(*SIGNING_OFFICES)
    appointment = _part(Appointment, command)
    await compounds.check_appointment(tx, caller.compound_id, appointment)
    await _check_elected(tx, caller, appointment)
    if appointment.key_id is not None:
        key = await identity.find_key(tx, caller.compound_id, appointment.key_id)
        if not _is_of(key, appointment.person_id, KeyState.PROVED, KeyState.ACTIVE):
            raise rules.KeyOfAnother
    draft = DraftAct(
        act_id=command.id,
        kind=MANDATE,
        subject_id=appointment.mandate_id,
        body=appointment,
        expires_at=command.expires_at,
        required=BOTH_SIDES,
    )
    return await acts.draft(tx, caller, draft)


async def _check_elected(tx: Tx, caller: Caller, appointment: Appointment) -> None:
    """The firm sends its own people; the assembly elects its committee (Civil Code 278(1)(3))."""
    if appointment.resolution_id is not None:
        await require(
            tx,
            caller,
            appointment.resolution_id,
            Matter.MANDATE,
            appointment.mandate_id,
            or_about=(None,),
        )
    elif appointment.office.party is Party.OWNERS:
        raise rules.MandateNeedsResolution


async def _appoint(tx: Tx, caller: Caller, act: Act) -> None:
    appointment = msgspec.convert(act.body, Appointment)
    await _check_elected(tx, caller, appointment)
    term = await compounds.appoint(tx, caller, appointment, act.act_id)
    if appointment.key_id is None:
        return
    key = await identity.get_key(tx, caller.compound_id, appointment.key_id)
    if key.state in (KeyState.PROVED, KeyState.ACTIVE):
        expires_at = identity_rules.term_of(key, act_rules.start_of_day(term.out_on))
        await identity.activate_key(tx, caller, key.key_id, act.act_id, expires_at)


async def draft_mandate_end(tx: Tx, caller: Caller, command: DraftMandateEnd) -> Act:
    """Puts the early end of a mandate before both sides. Raises Missing or MandateEnded."""
    caller.check_office(*SIGNING_OFFICES)
    ending = _part(MandateEnd, command)
    await compounds.check_ending(tx, caller, ending)
    draft = DraftAct(
        act_id=command.id,
        kind=MANDATE_END,
        subject_id=ending.mandate_id,
        body=ending,
        expires_at=command.expires_at,
    )
    return await acts.draft(tx, caller, draft)


async def _end_mandate(tx: Tx, caller: Caller, act: Act) -> None:
    await compounds.end_mandate(tx, caller, msgspec.convert(act.body, MandateEnd))


async def draft_text(tx: Tx, caller: Caller, command: DraftText) -> Act:
    """Puts a governing text before both sides, under the resolution that adopted it.

    Raises NotOpen, FieldsInvalid when a clause weakens the law, and what ``require`` raises.
    """
    caller.check_office(*SIGNING_OFFICES)
    text = _part(TextDraft, command)
    await compounds.check_text(tx, caller.compound_id, text)
    await _check_documents(tx, caller, [text])
    await _check_adopted(tx, caller, text)
    draft = DraftAct(
        act_id=command.id,
        kind=GOVERNING_TEXT,
        subject_id=text.text_id,
        body=text,
        expires_at=command.expires_at,
    )
    return await acts.draft(tx, caller, draft)


async def _check_adopted(tx: Tx, caller: Caller, text: TextDraft) -> None:
    """Civil Code 278(1)(1) and (2): the owners make and change their texts together."""
    if text.resolution_id is None:
        raise rules.ResolutionMissing
    await require(tx, caller, text.resolution_id, Matter.GOVERNING_TEXT, text.text_id)


async def _adopt(tx: Tx, caller: Caller, act: Act) -> None:
    text = msgspec.convert(act.body, TextDraft)
    await _check_adopted(tx, caller, text)
    await compounds.adopt_text(tx, caller, text, act.act_id)


async def draft_amendment(tx: Tx, caller: Caller, command: DraftAmendment) -> Act:
    """Puts a supplementary agreement to the trust before both sides, under the resolution about it.

    Raises NotOpen, FieldsInvalid and what ``require`` raises.
    """
    caller.check_office(*SIGNING_OFFICES)
    amendment = _part(InstrumentAmendment, command)
    await compounds.check_amendment(tx, caller, amendment)
    await _check_agreed(tx, caller, amendment)
    draft = DraftAct(
        act_id=command.id,
        kind=AMENDMENT,
        subject_id=amendment.instrument_id,
        body=amendment,
        expires_at=command.expires_at,
    )
    return await acts.draft(tx, caller, draft)


async def _check_agreed(tx: Tx, caller: Caller, amendment: InstrumentAmendment) -> None:
    """Trust Law 35: remuneration is as agreed beforehand, or by a supplementary agreement."""
    matter = matter_of_amendment(amendment)
    await require(tx, caller, amendment.resolution_id, matter, amendment.instrument_id)


async def _amend(tx: Tx, caller: Caller, act: Act) -> None:
    amendment = msgspec.convert(act.body, InstrumentAmendment)
    await _check_agreed(tx, caller, amendment)
    await compounds.amend_instrument(tx, caller, amendment, act.act_id)


def _part(kind: type[T], command: Struct) -> T:
    """What the act says, without the id and expiry of the act itself."""
    return kind(**{name: getattr(command, name) for name in kind.__struct_fields__})


EFFECTS = {
    FOUNDING: Effect(on_signed=_found),
    MANDATE: Effect(on_signed=_appoint),
    MANDATE_END: Effect(on_signed=_end_mandate),
    GOVERNING_TEXT: Effect(on_signed=_adopt),
    AMENDMENT: Effect(on_signed=_amend),
}
