"""Bringing bank lines and the books together: by rules at once, by a person where they are unsure."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID, uuid5

from msgspec.structs import replace

from trustprop.banking import rules, store
from trustprop.banking.model import (
    Alarm,
    AlarmState,
    BankLine,
    BankMatch,
    Candidate,
    ConfirmMatch,
    Decision,
    LineState,
    Matching,
    MatchRule,
)
from trustprop.banking.service.movements import candidates, still_open
from trustprop.disbursements import service as disbursements
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Tx

SCOPE = "banking:write"
MATCHERS = (Office.TRUSTEE_BOOKKEEPER, Office.TRUSTEE_MANAGER)


async def match_account(tx: Tx, caller: Caller, account: str) -> Matching:
    """Looks at every line that waits, and raises an alarm for each debit that nobody signed."""
    caller.check_office_or_scope(SCOPE, *MATCHERS)
    compound_id = caller.compound_id
    await ledger.lock_books(tx, compound_id)
    waiting = await store.waiting_lines(tx, compound_id, account)
    open_entries = await _candidates(tx, compound_id, account)
    decisions = rules.match(waiting, open_entries)
    by_id = {line.line_id: line for line in waiting}
    changed = [_decided(by_id[one.line_id], one) for one in decisions]
    await store.save_lines(
        tx, compound_id, [line for line in changed if line != by_id[line.line_id]]
    )
    await raise_alarms(tx, caller, changed)
    matched = [one for one in decisions if one.state is LineState.MATCHED]
    for one in matched:
        await keep_match(tx, caller, by_id[one.line_id], one.candidates, one.rule, one.reason)
    return _count(decisions)


async def _candidates(tx: Tx, compound_id: UUID, account: str) -> tuple[Candidate, ...]:
    found = await still_open(tx, compound_id, account)
    return await candidates(tx, compound_id, account, found.moved, found.matched)


def _decided(line: BankLine, decision: Decision) -> BankLine:
    """An alarm stays one until it is cleared, whatever a rule proposes later."""
    state = decision.state
    if line.state is LineState.ALARM and state is not LineState.MATCHED:
        state = LineState.ALARM
    is_open = state is not LineState.MATCHED
    return replace(
        line,
        state=state,
        match_rule=decision.rule,
        match_reason=decision.reason,
        candidates=tuple(c.entry_id for c in decision.candidates) if is_open else (),
    )


def _count(decisions: Sequence[Decision]) -> Matching:
    states = [one.state for one in decisions]
    return Matching(
        matched=states.count(LineState.MATCHED),
        proposed=states.count(LineState.PROPOSED),
        alarms=states.count(LineState.ALARM),
        unmatched=states.count(LineState.UNMATCHED),
    )


async def raise_alarms(tx: Tx, caller: Caller, lines: Iterable[BankLine]) -> None:
    """One alarm per line in its life; both sides see it with the commit of this transaction."""
    raised = [
        Alarm(
            alarm_id=uuid5(line.line_id, "alarm"),
            line_id=line.line_id,
            account=line.account,
            booked_on=line.booked_on,
            amount_fen=line.amount_fen,
            counterparty_name=line.counterparty_name,
            reason=line.match_reason,
            state=AlarmState.OPEN,
            raised_at=caller.at,
            cleared_at=None,
            cleared_by=None,
            act_id=None,
            explanation="",
        )
        for line in lines
        if line.state is LineState.ALARM
    ]
    await store.raise_alarms(tx, caller.compound_id, raised)


async def keep_match(
    tx: Tx,
    caller: Caller,
    line: BankLine,
    entries: Sequence[Candidate],
    rule: MatchRule,
    reason: str,
    *,
    by: UUID | None = None,
) -> None:
    """Writes the match, settles the orders behind it, and clears the line's alarm."""
    made = [
        BankMatch(
            line_id=line.line_id,
            entry_id=entry.entry_id,
            amount_fen=entry.amount_fen,
            rule=rule,
            reason=reason,
            matched_by=by,
            matched_at=caller.at,
            booked_on=line.booked_on,
            accounting_on=entry.on,
        )
        for entry in entries
    ]
    await store.add_matches(tx, caller.compound_id, line.account, made)
    for entry in entries:
        if entry.order_id is not None:
            await disbursements.mark_settled(tx, caller, entry.order_id, line.line_id)
    if line.state is LineState.ALARM:
        await store.clear_alarms(
            tx,
            caller.compound_id,
            [line.line_id],
            at=caller.at,
            person_id=by,
            act_id=None,
            explanation=reason,
        )


async def confirm(tx: Tx, caller: Caller, line_id: UUID, command: ConfirmMatch) -> BankLine:
    """A person says which entries a line is.

    Raises LineAlreadyMatched, EntryNotOpen, AmountsDiffer, or PayeeDiffers for money that went to
    somebody else than the order says.
    """
    caller.check_office(*MATCHERS)
    await ledger.lock_books(tx, caller.compound_id)
    line = await lock_waiting(tx, caller, line_id)
    if line.state is LineState.MATCHED:
        kept = await store.matches_of_lines(tx, caller.compound_id, [line_id])
        rules.check_same_match(line, kept, command.entry_ids)
        return line
    found = {one.entry_id: one for one in await _candidates(tx, caller.compound_id, line.account)}
    chosen = rules.choose(line, found, command.entry_ids)
    reason = "人工确认"
    await keep_match(tx, caller, line, chosen, MatchRule.BY_HAND, reason, by=caller.person_id)
    return await settle_line(tx, caller, line, MatchRule.BY_HAND, reason)


async def lock_waiting(tx: Tx, caller: Caller, line_id: UUID) -> BankLine:
    """Raises Missing."""
    line = await store.lock_line(tx, caller.compound_id, line_id)
    if line is None:
        raise Missing(kind="bank line")
    return line


async def settle_line(
    tx: Tx, caller: Caller, line: BankLine, rule: MatchRule, reason: str
) -> BankLine:
    settled = replace(
        line,
        state=LineState.MATCHED,
        match_rule=rule,
        match_reason=reason,
        candidates=(),
        version=line.version + 1,
    )
    await store.save_line(tx, caller.compound_id, settled)
    return settled


async def matches_of_lines(
    tx: Tx, compound_id: UUID, line_ids: Collection[UUID]
) -> tuple[BankMatch, ...]:
    """For the statement: which entries each line is, and by which rule."""
    return await store.matches_of_lines(tx, compound_id, line_ids)
