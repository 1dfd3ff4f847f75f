"""By when an inquiry is answered, who may ask, and what others see of it."""

from datetime import date, datetime, timedelta

from msgspec.structs import replace

from trustprop.inquiries.model import Answer, Ask, Inquiry, PublicInquiry
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import N_, Conflict, Forbidden
from trustprop.kernel.periods import local_date

ANSWERERS = (
    Office.TRUSTEE_MANAGER,
    Office.TRUSTEE_BOOKKEEPER,
    Office.COMMITTEE_DIRECTOR,
    Office.COMMITTEE_MEMBER,
)


class PersonNeeded(Forbidden):
    code = "person-needed"
    detail = N_("Only a person who is signed in here may ask.")


class InquiryDiffers(Conflict):
    code = "inquiry-differs"
    detail = N_("This id already stands for another inquiry.")


class AlreadyAnswered(Conflict):
    code = "inquiry-already-answered"
    detail = N_("This inquiry was already answered; ask again to hear more.")


def check_may_ask(caller: Caller) -> None:
    """Raises PersonNeeded."""
    if caller.person_id is None or not (caller.mandates or caller.is_resident):
        raise PersonNeeded


def due_on(asked_at: datetime, days: int) -> date:
    """The last day for the answer; the day of asking does not count (Civil Code 201)."""
    return local_date(asked_at) + timedelta(days=days)


def check_same(known: Inquiry, command: Ask, caller: Caller) -> None:
    """A retry asks the same. Raises InquiryDiffers."""
    there = (known.kind, known.target_kind, known.target_id, known.place, known.body)
    asked = (command.kind, command.target_kind, command.target_id, command.place, command.body)
    if there != asked or known.asked_by != caller.person_id:
        raise InquiryDiffers


def is_repeat(known: Inquiry, command: Answer, caller: Caller) -> bool:
    """Whether this very answer was given already. Raises AlreadyAnswered for another one."""
    if known.answered_at is None:
        return False
    if (known.answer, known.answered_by) != (command.body, caller.person_id):
        raise AlreadyAnswered
    return True


def is_overdue(inquiry: Inquiry, at: datetime) -> bool:
    """Whether the last day went by without an answer."""
    return local_date(inquiry.answered_at or at) > inquiry.due_on


def as_of(inquiry: Inquiry, end_at: datetime) -> PublicInquiry:
    """As it stood just before an instant: an answer that came later is not known yet."""
    if inquiry.answered_at is not None and inquiry.answered_at >= end_at:
        inquiry = replace(inquiry, answer="", answered_by=None, answered_for=None, answered_at=None)
    return published(inquiry, end_at - timedelta(microseconds=1))


def public(inquiry: Inquiry, caller: Caller) -> PublicInquiry:
    return published(inquiry, caller.at, is_mine=inquiry.asked_by == caller.person_id)


def published(inquiry: Inquiry, at: datetime, *, is_mine: bool = False) -> PublicInquiry:
    """Without the one who asked."""
    return PublicInquiry(
        inquiry_id=inquiry.inquiry_id,
        kind=inquiry.kind,
        target_kind=inquiry.target_kind,
        target_id=inquiry.target_id,
        place=inquiry.place,
        body=inquiry.body,
        asked_at=inquiry.asked_at,
        due_on=inquiry.due_on,
        answer=inquiry.answer,
        answered_for=inquiry.answered_for,
        answered_at=inquiry.answered_at,
        is_overdue=is_overdue(inquiry, at),
        is_mine=is_mine,
    )
