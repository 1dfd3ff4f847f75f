"""Alarms: money that left without an order; only a match or both sides' explanation ends one."""

from datetime import date, timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from trustprop.acts import service as acts
from trustprop.acts.model import Act, DraftAct
from trustprop.acts.service import Effect
from trustprop.banking import rules, store
from trustprop.banking.model import (
    CLEARANCE_ACT,
    Alarm,
    AlarmState,
    BankLine,
    Candidate,
    ClearanceBody,
    ExplainAlarm,
    LineState,
    MatchRule,
)
from trustprop.banking.service.matching import keep_match, lock_waiting, settle_line
from trustprop.budgets import service as budgets
from trustprop.budgets.model import MovementSource
from trustprop.compounds import service as compounds
from trustprop.evidence import service as evidence
from trustprop.funds import service as funds
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Entry, EntryKind, Posting, Side, Source
from trustprop.plumbing.database import Tx

EXPLAINERS = (
    Office.TRUSTEE_BOOKKEEPER,
    Office.TRUSTEE_MANAGER,
    Office.COMMITTEE_DIRECTOR,
    Office.COMMITTEE_MEMBER,
)


async def alarms(tx: Tx, caller: Caller, *, only_open: bool = False) -> tuple[Alarm, ...]:
    """Every office holder of either side sees every alarm, the open ones first."""
    caller.check_reads_books()
    return await store.alarms(tx, caller.compound_id, only_open=only_open)


async def explain_alarm(tx: Tx, caller: Caller, alarm_id: UUID, command: ExplainAlarm) -> Act:
    """Puts an explanation before both sides; their signatures end the alarm.

    Raises Missing, AlarmNotOpen or ClearanceIncomplete.
    """
    caller.check_office(*EXPLAINERS)
    rules.check_explanation(command)
    compound_id = caller.compound_id
    alarm = await store.find_alarm(tx, compound_id, alarm_id)
    if alarm is None:
        raise Missing(kind="alarm")
    if alarm.state is not AlarmState.OPEN:
        raise rules.AlarmNotOpen
    await evidence.check_exist(tx, compound_id, command.evidence)
    if command.fund is not None:
        await funds.check_holds(tx, compound_id, alarm.account, (command.fund,))
    limits = await compounds.limits(tx, compound_id, local_date(caller.at))
    return await acts.draft(
        tx,
        caller,
        DraftAct(
            act_id=command.act_id,
            kind=CLEARANCE_ACT,
            subject_id=alarm_id,
            body=_body(alarm, command),
            expires_at=caller.at + timedelta(days=limits.order_valid_days.value),
        ),
    )


def _body(alarm: Alarm, command: ExplainAlarm) -> ClearanceBody:
    return ClearanceBody(
        alarm_id=alarm.alarm_id,
        line_id=alarm.line_id,
        bank_account=alarm.account,
        booked_on=alarm.booked_on,
        amount_fen=-alarm.amount_fen,
        explanation=command.explanation,
        account=command.account,
        fund=command.fund,
        budget_line_id=command.budget_line_id,
        counterparty_id=command.counterparty_id,
        evidence=command.evidence,
    )


async def clear(tx: Tx, caller: Caller, act: Act) -> None:
    """Both sides have signed: the alarm ends, and what they said is booked."""
    body = msgspec.convert(act.body, ClearanceBody)
    books = await ledger.lock_books(tx, caller.compound_id)
    line = await lock_waiting(tx, caller, body.line_id)
    if line.state is not LineState.ALARM:
        raise rules.AlarmNotOpen
    await store.clear_alarms(
        tx,
        caller.compound_id,
        [line.line_id],
        at=caller.at,
        person_id=None,
        act_id=act.act_id,
        explanation=body.explanation,
    )
    if body.account is None:
        explained = replace(
            line,
            state=LineState.EXPLAINED,
            match_rule=MatchRule.CLEARANCE,
            match_reason=body.explanation,
            candidates=(),
        )
        await store.save_line(tx, caller.compound_id, explained)
        return
    on = rules.accounting_day(books, body.booked_on, local_date(caller.at))
    await _book(tx, caller, line, body, _entry(body, act, on))


async def _book(tx: Tx, caller: Caller, line: BankLine, body: ClearanceBody, entry: Entry) -> None:
    """A payment that both sides acknowledge afterwards."""
    await ledger.post(tx, caller, (entry,))
    if body.budget_line_id is not None:
        await budgets.spend(
            tx,
            caller,
            body.budget_line_id,
            body.amount_fen,
            MovementSource(kind="alarm", id=body.alarm_id),
            fund=body.fund,
            on=entry.accounting_on,
        )
    cleared = replace(line, state=LineState.UNMATCHED)
    matched = Candidate(
        entry_id=entry.entry_id, on=entry.accounting_on, amount_fen=-body.amount_fen
    )
    await keep_match(tx, caller, cleared, (matched,), MatchRule.CLEARANCE, body.explanation)
    await settle_line(tx, caller, line, MatchRule.CLEARANCE, body.explanation)


def _entry(body: ClearanceBody, act: Act, on: date) -> Entry:
    assert body.account is not None
    assert body.fund is not None
    borne = Posting(
        account=body.account,
        fund=body.fund,
        side=Side.DEBIT,
        amount_fen=body.amount_fen,
        budget_line_id=body.budget_line_id,
        counterparty_id=body.counterparty_id,
    )
    bank = Posting(
        account=body.bank_account,
        fund=body.fund,
        side=Side.CREDIT,
        amount_fen=body.amount_fen,
    )
    return Entry(
        entry_id=body.alarm_id,
        kind=EntryKind.PAYMENT,
        accounting_on=on,
        memo=body.explanation,
        lines=(borne, bank),
        source=Source(kind="alarm", id=body.alarm_id),
        evidence=body.evidence,
        act_id=act.act_id,
    )


EFFECTS = {CLEARANCE_ACT: Effect(on_signed=clear)}
