"""What inquiries do: take questions, answer them, and remember which are overdue."""

from datetime import UTC, datetime, time
from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds import service as compounds
from trustprop.disbursements import service as disbursements
from trustprop.inquiries import rules, store
from trustprop.inquiries.model import Answer, Ask, Inquiry, PublicInquiry, TargetKind
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import ZONE, Period, local_date
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Tx


async def ask(tx: Tx, caller: Caller, command: Ask) -> PublicInquiry:
    """Anyone signed in here may ask. Raises PersonNeeded, Missing or InquiryDiffers."""
    rules.check_may_ask(caller)
    await _check_target(tx, caller.compound_id, command)
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    assert caller.person_id is not None
    asked = Inquiry(
        inquiry_id=command.id,
        kind=command.kind,
        target_kind=command.target_kind,
        target_id=command.target_id,
        place=command.place,
        body=command.body,
        asked_by=caller.person_id,
        asked_at=caller.at,
        due_on=rules.due_on(caller.at, limits.inquiry_answer_days.value),
        answer="",
        answered_by=None,
        answered_for=None,
        answered_at=None,
    )
    if not await store.add(tx, caller.compound_id, asked):
        known = await store.find(tx, caller.compound_id, command.id)
        assert known is not None
        rules.check_same(known, command, caller)
        asked = known
    return rules.public(asked, caller)


async def _check_target(tx: Tx, compound_id: UUID, command: Ask) -> None:
    """Targets of houses below are looked up; a statement is known to the house above."""
    if command.target_kind is TargetKind.ENTRY:
        await ledger.entry(tx, compound_id, command.target_id)
    elif command.target_kind is TargetKind.PAYMENT_ORDER:
        await disbursements.find(tx, compound_id, command.target_id)


async def answer(tx: Tx, caller: Caller, inquiry_id: UUID, command: Answer) -> PublicInquiry:
    """Either side answers, once. Raises Missing or AlreadyAnswered."""
    caller.check_office(*rules.ANSWERERS)
    inquiry = await store.lock(tx, caller.compound_id, inquiry_id)
    if inquiry is None:
        raise Missing(kind="inquiry")
    if rules.is_repeat(inquiry, command, caller):
        return rules.public(inquiry, caller)
    answered = replace(
        inquiry,
        answer=command.body,
        answered_by=caller.person_id,
        answered_for=min(caller.offices & set(rules.ANSWERERS)),
        answered_at=caller.at,
    )
    await store.save_answer(tx, caller.compound_id, answered)
    return rules.public(answered, caller)


async def get(tx: Tx, caller: Caller, inquiry_id: UUID) -> PublicInquiry:
    """Raises Missing."""
    found = await store.find(tx, caller.compound_id, inquiry_id)
    if found is None:
        raise Missing(kind="inquiry")
    return rules.public(found, caller)


async def inquiries(
    tx: Tx,
    caller: Caller,
    *,
    target_id: UUID | None,
    limit: int,
    after: tuple[datetime, UUID] | None,
) -> tuple[PublicInquiry, ...]:
    """Newest first, without who asked."""
    found = await store.page(tx, caller.compound_id, target_id=target_id, limit=limit, after=after)
    return tuple(rules.public(one, caller) for one in found)


async def overdue(tx: Tx, caller: Caller) -> tuple[PublicInquiry, ...]:
    """Those that should have been answered by now, the oldest debt first."""
    found = await store.unanswered(tx, caller.compound_id)
    return tuple(rules.public(one, caller) for one in found if rules.is_overdue(one, caller.at))


async def of_period(tx: Tx, compound_id: UUID, period: Period) -> tuple[PublicInquiry, ...]:
    """Asked or answered in a month, or still open at its end; for the statement's section 13.

    Whether one is overdue is judged at the end of the month.
    """
    start_at = datetime.combine(period.first_on, time(), ZONE).astimezone(UTC)
    end_at = datetime.combine(period.next.first_on, time(), ZONE).astimezone(UTC)
    found = await store.between(tx, compound_id, start_at, end_at)
    return tuple(rules.as_of(one, end_at) for one in found)
