"""The follow-up register: decisions and what followed from each, put side by side."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from msgspec.structs import replace

from trustprop.kernel.periods import Period
from trustprop.ledger.model import EntryKind
from trustprop.meetings.model import Resolution, ResolutionState
from trustprop.statements.model.decisions import (
    DecisionEntry,
    DecisionRecord,
    Deed,
    DeedKind,
    DeedOf,
    EntryOf,
    ToldOf,
)

DECIDED = frozenset({ResolutionState.CONFIRMED, ResolutionState.REVOKED})
"""What was recorded and never confirmed decided nothing."""
PENDING = frozenset(
    {"awaiting_signatures", "drafted", "proposed", "refused", "rejected", "withdrawn", "expired"}
)
"""States of orders, contracts and vendors that carry nothing out."""


def records(
    resolutions: Iterable[Resolution],
    deeds: Sequence[DeedOf],
    entries: Sequence[EntryOf],
    told: Sequence[ToldOf],
) -> tuple[DecisionRecord, ...]:
    """Each decision with its own, in the order given."""
    return tuple(_record(resolution, deeds, entries, told) for resolution in resolutions)


def _record(
    resolution: Resolution,
    deeds: Sequence[DeedOf],
    entries: Sequence[EntryOf],
    told: Sequence[ToldOf],
) -> DecisionRecord:
    id_ = resolution.resolution_id
    booked = tuple(one.entry for one in entries if one.resolution_id == id_)
    return DecisionRecord(
        resolution_id=id_,
        number=resolution.number,
        title=resolution.title,
        matter=resolution.matter,
        scope=str(resolution.scope),
        held_on=resolution.held_on,
        valid_from=resolution.valid_from,
        valid_until=resolution.valid_until,
        state=resolution.state,
        deeds=tuple(one.deed for one in deeds if one.resolution_id == id_),
        entries=booked,
        told=tuple(one.told for one in told if one.resolution_id == id_),
        spent_fen=_spent(booked),
    )


def _spent(entries: Iterable[DecisionEntry]) -> int:
    """Money that left; a transfer stays with the owners, and a reversal brings it back."""
    signs = {EntryKind.PAYMENT: 1, EntryKind.REVERSAL: -1}
    return sum(signs.get(EntryKind(entry.kind), 0) * entry.amount_fen for entry in entries)


def of_quarter(
    found: Iterable[DecisionRecord], first: Period, last: Period, booked_until: date
) -> tuple[DecisionRecord, ...]:
    """Decisions of these months, and earlier ones under which something was done in them.

    Of an earlier one only what was done in these months is told again. What waits for signatures,
    and a payment of a month that is not closed, is nobody's to read yet.
    """
    shown = [_within(one, first.first_on, last.last_on, booked_until) for one in found]
    return tuple(
        one
        for one in shown
        if one.held_on >= first.first_on or one.deeds or one.entries or one.told
    )


def _within(
    record: DecisionRecord, first_on: date, last_on: date, booked_until: date
) -> DecisionRecord:
    entries = tuple(one for one in record.entries if first_on <= one.accounting_on <= last_on)
    return replace(
        record,
        deeds=tuple(
            _published(one)
            for one in record.deeds
            if _is_shown(one, first_on, last_on, booked_until)
        ),
        entries=entries,
        told=tuple(one for one in record.told if first_on <= one.on <= last_on),
        spent_fen=_spent(entries),
    )


def _published(deed: Deed) -> Deed:
    """What a contract was billed by now is of no month that is closed."""
    return replace(deed, spent_fen=None) if deed.kind is DeedKind.CONTRACT else deed


def _is_shown(deed: Deed, first_on: date, last_on: date, booked_until: date) -> bool:
    until = booked_until if deed.kind is DeedKind.PAYMENT_ORDER else last_on
    return deed.state not in PENDING and deed.on is not None and first_on <= deed.on <= until


def decided(resolutions: Iterable[Resolution], until: date) -> dict[UUID, Resolution]:
    """What was decided by a day."""
    return {
        one.resolution_id: one
        for one in resolutions
        if one.state in DECIDED and one.held_on <= until
    }
