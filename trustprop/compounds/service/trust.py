"""The trust instrument and the governing texts, and the limits that follow from them."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds import rules, store
from trustprop.compounds.model import (
    Founding,
    GoverningText,
    InstrumentAmendment,
    Limits,
    MandateTerm,
    TextDifference,
    TextDraft,
    TextKind,
    TrustInstrument,
)
from trustprop.compounds.service.founding import find, lock
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.plumbing.database import Tx


async def check_founding(tx: Tx, compound_id: UUID, founding: Founding) -> None:
    """Raises AlreadyFounded or FieldsInvalid."""
    compound = await find(tx, compound_id)
    rules.check_founding(compound, founding, store.profile(compound.rule_profile))


async def found(
    tx: Tx, caller: Caller, founding: Founding, act_id: UUID
) -> tuple[MandateTerm, ...]:
    """Opens a compound; called by the effect of the signed founding act only."""
    compound = await lock(tx, caller.compound_id)
    rules.check_founding(compound, founding, store.profile(compound.rule_profile))
    await store.add_instrument(tx, caller.compound_id, rules.as_instrument(founding, act_id))
    for text in founding.texts:
        await store.add_text(tx, caller.compound_id, rules.as_text(text, 1, act_id))
    terms = tuple(rules.as_term(appointment, act_id) for appointment in founding.mandates)
    for term in terms:
        await store.add_mandate(tx, caller.compound_id, term)
    await store.open_compound(tx, caller.compound_id)
    return terms


async def trust_instrument(tx: Tx, compound_id: UUID, on: date) -> TrustInstrument | None:
    """The version of the instrument in effect on a day."""
    return rules.instrument_in_effect(await store.instruments(tx, compound_id), on)


async def check_amendment(tx: Tx, caller: Caller, amendment: InstrumentAmendment) -> None:
    """Raises NotOpen or FieldsInvalid: before anybody is asked to sign."""
    rules.check_open(await find(tx, caller.compound_id))
    rules.check_amendment(amendment, local_date(caller.at))


async def amend_instrument(
    tx: Tx, caller: Caller, amendment: InstrumentAmendment, act_id: UUID
) -> TrustInstrument:
    """The next version of the trust instrument; called by the effect of a signed act only."""
    await lock(tx, caller.compound_id)
    latest = (await store.instruments(tx, caller.compound_id))[-1]
    amended = rules.amend(latest, amendment, act_id)
    await store.add_instrument(tx, caller.compound_id, amended)
    return amended


async def check_text(tx: Tx, compound_id: UUID, text: TextDraft) -> None:
    """Raises NotOpen, or FieldsInvalid when a clause weakens the law."""
    compound = await find(tx, compound_id)
    rules.check_open(compound)
    rules.check_text(text, store.profile(compound.rule_profile))


async def adopt_text(tx: Tx, caller: Caller, text: TextDraft, act_id: UUID) -> GoverningText:
    """The next version of a governing text; called by the effect of a signed act only."""
    return await _adopt(tx, caller, text, act_id)


async def adopt_text_by(
    tx: Tx, caller: Caller, text: TextDraft, resolution_id: UUID
) -> GoverningText:
    """The next version that a counted resolution adopted; called when a meeting takes effect only.

    Raises FieldsInvalid when a clause weakens the law as it is today.
    """
    return await _adopt(tx, caller, replace(text, resolution_id=resolution_id), act_id=None)


async def _adopt(tx: Tx, caller: Caller, text: TextDraft, act_id: UUID | None) -> GoverningText:
    compound = await lock(tx, caller.compound_id)
    rules.check_text(text, store.profile(compound.rule_profile))
    earlier = await store.texts(tx, caller.compound_id)
    version = 1 + max((t.version for t in earlier if t.kind is text.kind), default=0)
    adopted = rules.as_text(text, version, act_id)
    await store.add_text(tx, caller.compound_id, adopted)
    return adopted


async def texts(tx: Tx, compound_id: UUID, on: date | None = None) -> tuple[GoverningText, ...]:
    """Every version, or only what is in effect on a day."""
    every = await store.texts(tx, compound_id)
    if on is None:
        return every
    in_effect = {
        (text.kind, text.title if text.kind is TextKind.OTHER else ""): text
        for text in every
        if text.effective_from <= on
    }
    return tuple(in_effect.values())


async def text_difference(
    tx: Tx, compound_id: UUID, text_id: UUID, from_text_id: UUID | None = None
) -> TextDifference:
    """What a version says otherwise than another, or than the one before it.

    Raises Missing or TextsOfTwoKinds.
    """
    every = {text.text_id: text for text in await store.texts(tx, compound_id)}
    after = _present_text(every, text_id)
    if from_text_id is None:
        return rules.text_difference(rules.version_before(after, every.values()), after)
    return rules.text_difference(_present_text(every, from_text_id), after)


def _present_text(texts: Mapping[UUID, GoverningText], text_id: UUID) -> GoverningText:
    if text_id not in texts:
        raise Missing(kind="governing text")
    return texts[text_id]


async def limits(tx: Tx, compound_id: UUID, on: date) -> Limits:
    """Every limit in effect on a day with its source, a statute or a clause. Raises Missing."""
    found = await store.limit_clauses(tx, compound_id, on)
    if found is None:
        raise Missing(kind="compound")
    rule_profile, clauses = found
    return rules.resolve(store.profile(rule_profile), clauses)
