"""Statements over bank lines, their matches and alarms."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Select,
    Uuid,
    any_,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from trustprop.banking.model import (
    Alarm,
    BankLine,
    BankMatch,
    BankStatement,
    LineState,
    SealedReconciliation,
    Unidentified,
)
from trustprop.banking.tables import (
    alarm,
    bank_line,
    bank_match,
    bank_statement,
    sealed_reconciliation,
    unidentified_receipt,
)
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx

WAITING = (LineState.UNMATCHED, LineState.PROPOSED, LineState.ALARM)


# Statements


async def add_statement(
    tx: Tx, compound_id: UUID, added: BankStatement, closed_through: int
) -> None:
    """With the last month that was closed when it came."""
    await tx.execute(
        insert(bank_statement).values(
            compound_id=compound_id,
            statement_id=added.statement_id,
            account=added.account,
            profile=added.profile,
            file_sha256=bytes.fromhex(added.file_sha256),
            first_on=added.first_on,
            last_on=added.last_on,
            opening_fen=added.opening_fen,
            closing_fen=added.closing_fen,
            lines=added.lines,
            new_lines=added.new_lines,
            imported_by=added.imported_by,
            imported_at=added.imported_at,
            closed_through=closed_through,
        )
    )


async def statements(
    tx: Tx, compound_id: UUID, account: str | None = None
) -> tuple[BankStatement, ...]:
    """In the order of their import."""
    statement = _statements(compound_id)
    if account is not None:
        statement = statement.where(bank_statement.c.account == account)
    found = await tx.execute(
        statement.order_by(bank_statement.c.imported_at, bank_statement.c.statement_id)
    )
    return rows.all_of(BankStatement, found)


async def find_statement(tx: Tx, compound_id: UUID, statement_id: UUID) -> BankStatement | None:
    found = await tx.execute(
        _statements(compound_id).where(bank_statement.c.statement_id == statement_id)
    )
    row = found.first()
    return None if row is None else rows.to(BankStatement, row)


async def find_statement_of_file(
    tx: Tx, compound_id: UUID, account: str, sha256: str
) -> BankStatement | None:
    found = await tx.execute(
        _statements(compound_id).where(
            bank_statement.c.account == account,
            bank_statement.c.file_sha256 == bytes.fromhex(sha256),
        )
    )
    row = found.first()
    return None if row is None else rows.to(BankStatement, row)


def _statements(compound_id: UUID) -> Select[Any]:
    return select(
        bank_statement.c.statement_id,
        bank_statement.c.account,
        bank_statement.c.profile,
        func.encode(bank_statement.c.file_sha256, "hex").label("file_sha256"),
        bank_statement.c.first_on,
        bank_statement.c.last_on,
        bank_statement.c.opening_fen,
        bank_statement.c.closing_fen,
        bank_statement.c.lines,
        bank_statement.c.new_lines,
        bank_statement.c.imported_by,
        bank_statement.c.imported_at,
    ).where(bank_statement.c.compound_id == compound_id)


# Lines


async def add_lines(tx: Tx, compound_id: UUID, added: Sequence[BankLine]) -> None:
    """Those already there stay as they are."""
    if not added:
        return
    await tx.execute(
        upsert(bank_line).on_conflict_do_nothing(),
        [
            {
                "compound_id": compound_id,
                "line_id": line.line_id,
                "statement_id": line.statement_id,
                "account": line.account,
                "booked_on": line.booked_on,
                "day_index": line.day_index,
                "amount_fen": line.amount_fen,
                "balance_fen": line.balance_fen,
                "counterparty_name": line.counterparty_name,
                "counterparty_number": line.counterparty_number,
                "memo": line.memo,
                "reference": line.reference,
                "state": line.state.value,
                "match_rule": line.match_rule.value if line.match_rule else None,
                "match_reason": line.match_reason,
                "candidates": list(line.candidates),
                "version": line.version,
            }
            for line in added
        ],
    )


async def lines(tx: Tx, compound_id: UUID, account: str) -> tuple[BankLine, ...]:
    """Every line of an account in the bank's order."""
    return await _ordered(tx, _lines(compound_id).where(bank_line.c.account == account))


async def lines_between(
    tx: Tx, compound_id: UUID, account: str, first_on: date, last_on: date
) -> tuple[BankLine, ...]:
    return await _ordered(
        tx,
        _lines(compound_id).where(
            bank_line.c.account == account, bank_line.c.booked_on.between(first_on, last_on)
        ),
    )


async def lines_since(
    tx: Tx, compound_id: UUID, sealed: SealedReconciliation, account: str, until_on: date | None
) -> tuple[BankLine, ...]:
    """The lines after a seal, those open at it, and those that came after it but belong before."""
    late = select(bank_statement.c.statement_id).where(
        bank_statement.c.compound_id == compound_id,
        bank_statement.c.account == account,
        bank_statement.c.closed_through >= sealed.period,
    )
    after = bank_line.c.booked_on > sealed.last_on
    if until_on is not None:
        after &= bank_line.c.booked_on <= until_on
    before = bank_line.c.booked_on <= sealed.last_on
    found: dict[UUID, BankLine] = {}
    for wanted in (
        (bank_line.c.account == account) & after,
        bank_line.c.line_id == any_(literal(list(sealed.open_lines), ARRAY(Uuid))),
        before & bank_line.c.statement_id.in_(late),
    ):
        ordered = await _ordered(tx, _lines(compound_id).where(wanted))
        found |= {line.line_id: line for line in ordered}
    return tuple(
        sorted(found.values(), key=lambda line: (line.booked_on, line.day_index, line.line_id))
    )


async def last_line(tx: Tx, compound_id: UUID, account: str, on: date) -> BankLine | None:
    """The last one in the bank's order at the end of a day."""
    found = await tx.execute(
        _lines(compound_id)
        .where(bank_line.c.account == account, bank_line.c.booked_on <= on)
        .order_by(
            bank_line.c.booked_on.desc(), bank_line.c.day_index.desc(), bank_line.c.line_id.desc()
        )
        .limit(1)
    )
    row = found.first()
    return None if row is None else rows.to(BankLine, row)


async def waiting_lines(tx: Tx, compound_id: UUID, account: str) -> tuple[BankLine, ...]:
    """Those that nothing answers to yet, locked until the transaction ends."""
    return await _ordered(
        tx,
        _lines(compound_id)
        .where(
            bank_line.c.account == account,
            bank_line.c.state.in_([state.value for state in WAITING]),
        )
        .with_for_update(),
    )


async def lock_line(tx: Tx, compound_id: UUID, line_id: UUID) -> BankLine | None:
    found = await tx.execute(
        _lines(compound_id).where(bank_line.c.line_id == line_id).with_for_update()
    )
    row = found.first()
    return None if row is None else rows.to(BankLine, row)


async def page(
    tx: Tx,
    compound_id: UUID,
    account: str | None,
    state: LineState | None,
    limit: int,
    after: tuple[date, UUID] | None,
) -> tuple[BankLine, ...]:
    """Newest first."""
    statement = _lines(compound_id)
    if account is not None:
        statement = statement.where(bank_line.c.account == account)
    if state is not None:
        statement = statement.where(bank_line.c.state == state.value)
    if after is not None:
        statement = statement.where(tuple_(bank_line.c.booked_on, bank_line.c.line_id) < after)
    found = await tx.execute(
        statement.order_by(bank_line.c.booked_on.desc(), bank_line.c.line_id.desc()).limit(limit)
    )
    return rows.all_of(BankLine, found)


async def _ordered(tx: Tx, statement: Select[Any]) -> tuple[BankLine, ...]:
    ordered = statement.order_by(bank_line.c.booked_on, bank_line.c.day_index, bank_line.c.line_id)
    return rows.all_of(BankLine, await tx.execute(ordered))


def _lines(compound_id: UUID) -> Select[Any]:
    return select(
        bank_line.c.line_id,
        bank_line.c.statement_id,
        bank_line.c.account,
        bank_line.c.booked_on,
        bank_line.c.day_index,
        bank_line.c.amount_fen,
        bank_line.c.balance_fen,
        bank_line.c.counterparty_name,
        bank_line.c.counterparty_number,
        bank_line.c.memo,
        bank_line.c.reference,
        bank_line.c.state,
        bank_line.c.match_rule,
        bank_line.c.match_reason,
        bank_line.c.candidates,
        bank_line.c.version,
    ).where(bank_line.c.compound_id == compound_id)


async def save_line(tx: Tx, compound_id: UUID, line: BankLine) -> None:
    await tx.execute(
        update(bank_line)
        .where(bank_line.c.compound_id == compound_id, bank_line.c.line_id == line.line_id)
        .values(
            state=line.state.value,
            match_rule=line.match_rule.value if line.match_rule else None,
            match_reason=line.match_reason,
            candidates=list(line.candidates),
            version=bank_line.c.version + 1,
        )
    )


async def save_lines(tx: Tx, compound_id: UUID, changed: Sequence[BankLine]) -> None:
    """What a matching decided, in one statement."""
    if not changed:
        return
    await tx.raw.executemany(
        """
        UPDATE bank_line
        SET state = $3, match_rule = $4, match_reason = $5, candidates = $6, version = version + 1
        WHERE compound_id = $1 AND line_id = $2
        """,
        [
            (
                compound_id,
                line.line_id,
                line.state.value,
                line.match_rule.value if line.match_rule else None,
                line.match_reason,
                list(line.candidates),
            )
            for line in changed
        ],
    )


# Matches


async def add_matches(
    tx: Tx, compound_id: UUID, account: str, matches: Sequence[BankMatch]
) -> None:
    if not matches:
        return
    await tx.execute(
        insert(bank_match),
        [
            {
                "compound_id": compound_id,
                "line_id": one.line_id,
                "entry_id": one.entry_id,
                "account": account,
                "amount_fen": one.amount_fen,
                "rule": one.rule.value,
                "reason": one.reason,
                "matched_by": one.matched_by,
                "matched_at": one.matched_at,
                "booked_on": one.booked_on,
                "accounting_on": one.accounting_on,
            }
            for one in matches
        ],
    )


async def matches_among(
    tx: Tx,
    compound_id: UUID,
    account: str,
    line_ids: Collection[UUID],
    entry_ids: Collection[UUID],
) -> tuple[BankMatch, ...]:
    """Every match of any of these lines or entries."""
    found: dict[tuple[UUID, UUID], BankMatch] = {}
    for wanted in (
        bank_match.c.line_id == any_(literal(list(line_ids), ARRAY(Uuid))),
        (bank_match.c.account == account)
        & (bank_match.c.entry_id == any_(literal(list(entry_ids), ARRAY(Uuid)))),
    ):
        made = rows.all_of(BankMatch, await tx.execute(_matches(compound_id).where(wanted)))
        found |= {(one.line_id, one.entry_id): one for one in made}
    return tuple(found.values())


async def matches_of_lines(
    tx: Tx, compound_id: UUID, line_ids: Collection[UUID]
) -> tuple[BankMatch, ...]:
    return rows.all_of(
        BankMatch,
        await tx.execute(_matches(compound_id).where(bank_match.c.line_id.in_(list(line_ids)))),
    )


def _matches(compound_id: UUID) -> Select[Any]:
    return (
        select(
            bank_match.c.line_id,
            bank_match.c.entry_id,
            bank_match.c.amount_fen,
            bank_match.c.rule,
            bank_match.c.reason,
            bank_match.c.matched_by,
            bank_match.c.matched_at,
            bank_match.c.booked_on,
            bank_match.c.accounting_on,
        )
        .where(bank_match.c.compound_id == compound_id)
        .order_by(bank_match.c.booked_on, bank_match.c.line_id, bank_match.c.entry_id)
    )


# Seals


async def last_seal(
    tx: Tx, compound_id: UUID, account: str, through: int | None
) -> SealedReconciliation | None:
    """The latest one, or the latest of a month up to this one."""
    sealed = sealed_reconciliation.c
    wanted = (sealed.compound_id == compound_id) & (sealed.account == account)
    if through is not None:
        wanted &= sealed.period <= through
    found = await tx.execute(
        select(
            sealed.account,
            sealed.period,
            sealed.bank_fen,
            sealed.books_fen,
            sealed.open_lines,
            sealed.open_entries,
            sealed.sealed_at,
        )
        .where(wanted)
        .order_by(sealed.period.desc())
        .limit(1)
    )
    row = found.first()
    return None if row is None else rows.to(SealedReconciliation, row)


async def add_seal(tx: Tx, compound_id: UUID, added: SealedReconciliation) -> None:
    await tx.execute(
        upsert(sealed_reconciliation)
        .values(
            compound_id=compound_id,
            account=added.account,
            period=added.period,
            bank_fen=added.bank_fen,
            books_fen=added.books_fen,
            open_lines=list(added.open_lines),
            open_entries=list(added.open_entries),
            sealed_at=added.sealed_at,
        )
        .on_conflict_do_nothing()
    )


# Unidentified receipts


async def add_unidentified(tx: Tx, compound_id: UUID, added: Unidentified) -> None:
    await tx.execute(
        insert(unidentified_receipt).values(
            compound_id=compound_id,
            line_id=added.line_id,
            entry_id=added.entry_id,
            fund=added.fund,
            amount_fen=added.amount_fen,
        )
    )


async def set_identified(
    tx: Tx, compound_id: UUID, line_id: UUID, receipt_id: UUID, at: datetime
) -> None:
    await tx.execute(
        update(unidentified_receipt)
        .where(
            unidentified_receipt.c.compound_id == compound_id,
            unidentified_receipt.c.line_id == line_id,
        )
        .values(receipt_id=receipt_id, identified_at=at)
    )


async def unidentified(tx: Tx, compound_id: UUID) -> tuple[Unidentified, ...]:
    found = await tx.execute(_unidentified(compound_id).order_by(unidentified_receipt.c.line_id))
    return rows.all_of(Unidentified, found)


async def lock_unidentified(tx: Tx, compound_id: UUID, line_id: UUID) -> Unidentified | None:
    found = await tx.execute(
        _unidentified(compound_id)
        .where(unidentified_receipt.c.line_id == line_id)
        .with_for_update()
    )
    row = found.first()
    return None if row is None else rows.to(Unidentified, row)


def _unidentified(compound_id: UUID) -> Select[Any]:
    return select(
        unidentified_receipt.c.line_id,
        unidentified_receipt.c.entry_id,
        unidentified_receipt.c.fund,
        unidentified_receipt.c.amount_fen,
        unidentified_receipt.c.receipt_id,
        unidentified_receipt.c.identified_at,
    ).where(unidentified_receipt.c.compound_id == compound_id)


# Alarms


async def raise_alarms(tx: Tx, compound_id: UUID, raised: Sequence[Alarm]) -> None:
    """A line raises one alarm in its life."""
    if not raised:
        return
    await tx.execute(
        upsert(alarm).on_conflict_do_nothing(),
        [
            {
                "compound_id": compound_id,
                "alarm_id": one.alarm_id,
                "line_id": one.line_id,
                "reason": one.reason,
                "state": one.state.value,
                "raised_at": one.raised_at,
                "explanation": "",
            }
            for one in raised
        ],
    )


async def alarms(
    tx: Tx, compound_id: UUID, *, account: str | None = None, only_open: bool = False
) -> tuple[Alarm, ...]:
    """The open ones first, then the newest."""
    statement = _alarms(compound_id)
    if account is not None:
        statement = statement.where(bank_line.c.account == account)
    if only_open:
        statement = statement.where(alarm.c.state == "open")
    found = await tx.execute(
        statement.order_by(alarm.c.state.desc(), alarm.c.raised_at.desc(), alarm.c.alarm_id)
    )
    return rows.all_of(Alarm, found)


async def find_alarm(tx: Tx, compound_id: UUID, alarm_id: UUID) -> Alarm | None:
    found = await tx.execute(_alarms(compound_id).where(alarm.c.alarm_id == alarm_id))
    row = found.first()
    return None if row is None else rows.to(Alarm, row)


def _alarms(compound_id: UUID) -> Select[Any]:
    return (
        select(
            alarm.c.alarm_id,
            alarm.c.line_id,
            bank_line.c.account,
            bank_line.c.booked_on,
            bank_line.c.amount_fen,
            bank_line.c.counterparty_name,
            alarm.c.reason,
            alarm.c.state,
            alarm.c.raised_at,
            alarm.c.cleared_at,
            alarm.c.cleared_by,
            alarm.c.act_id,
            alarm.c.explanation,
        )
        .join_from(
            alarm,
            bank_line,
            (alarm.c.compound_id == bank_line.c.compound_id)
            & (alarm.c.line_id == bank_line.c.line_id),
        )
        .where(alarm.c.compound_id == compound_id)
    )


async def clear_alarms(
    tx: Tx,
    compound_id: UUID,
    line_ids: Collection[UUID],
    *,
    at: datetime,
    person_id: UUID | None,
    act_id: UUID | None,
    explanation: str,
) -> None:
    await tx.execute(
        update(alarm)
        .where(
            alarm.c.compound_id == compound_id,
            alarm.c.line_id.in_(list(line_ids)),
            alarm.c.state == "open",
        )
        .values(
            state="cleared",
            cleared_at=at,
            cleared_by=person_id,
            act_id=act_id,
            explanation=explanation,
        )
    )
