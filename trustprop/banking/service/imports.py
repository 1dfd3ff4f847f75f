"""Taking in the bank's files: kept as evidence, read, checked for overlap, matched at once."""

from datetime import date
from uuid import UUID

from trustprop.banking import rules, store
from trustprop.banking.model import (
    BankLine,
    BankStatement,
    Gap,
    ImportedStatement,
    ImportStatement,
    LineState,
    Matching,
    ReadStatement,
)
from trustprop.banking.service.matching import MATCHERS, SCOPE, match_account
from trustprop.evidence import service as evidence
from trustprop.funds import service as funds
from trustprop.kernel.caller import Caller
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Tx
from trustprop.plumbing.files import Files

NOTHING_NEW = Matching(matched=0, proposed=0, alarms=0, unmatched=0)


async def import_statement(
    tx: Tx, caller: Caller, files: Files, command: ImportStatement
) -> ImportedStatement:
    """Reads an uploaded file of the bank, keeps the lines that are new, and matches them.

    The same file again changes nothing. Raises StatementUnreadable, BalanceBroken,
    StatementOfAnotherAccount, StatementContradicts or StatementDiffers.
    """
    caller.check_office_or_scope(SCOPE, *MATCHERS)
    compound_id = caller.compound_id
    account = await funds.find_bank_account(tx, compound_id, command.account)
    _, content = await evidence.read(tx, caller, files, command.file_sha256)
    books = await ledger.lock_books(tx, compound_id)
    done = await _already(tx, compound_id, command)
    if done is not None:
        gaps = await find_gaps(tx, compound_id, command.account)
        return ImportedStatement(statement=done, matching=NOTHING_NEW, gaps=gaps)
    read = rules.read(content, command.profile)
    rules.check_account(read.account_number, account.number)
    drawn = rules.draw_lines(compound_id, command.account, command.id, read)
    fresh = await _new_lines(tx, compound_id, command.account, drawn)
    statement = _statement(caller, command, read, len(fresh))
    await store.add_statement(tx, compound_id, statement, books.closed_through)
    await store.add_lines(tx, compound_id, fresh)
    matching = await match_account(tx, caller, command.account)
    gaps = await find_gaps(tx, compound_id, command.account)
    return ImportedStatement(statement=statement, matching=matching, gaps=gaps)


async def _already(tx: Tx, compound_id: UUID, command: ImportStatement) -> BankStatement | None:
    known = await store.find_statement(tx, compound_id, command.id)
    if known is not None:
        rules.check_same_import(known, command)
        return known
    return await store.find_statement_of_file(tx, compound_id, command.account, command.file_sha256)


async def _new_lines(
    tx: Tx, compound_id: UUID, account: str, drawn: tuple[BankLine, ...]
) -> tuple[BankLine, ...]:
    if not drawn:
        return ()
    known = await store.lines_between(
        tx, compound_id, account, drawn[0].booked_on, drawn[-1].booked_on
    )
    rules.check_contains(drawn, known)
    there = {line.line_id for line in known}
    return tuple(line for line in drawn if line.line_id not in there)


def _statement(
    caller: Caller, command: ImportStatement, read: ReadStatement, new_lines: int
) -> BankStatement:
    return BankStatement(
        statement_id=command.id,
        account=command.account,
        profile=read.profile,
        file_sha256=command.file_sha256,
        first_on=read.lines[0].booked_on if read.lines else None,
        last_on=read.lines[-1].booked_on if read.lines else None,
        opening_fen=read.opening_fen,
        closing_fen=read.closing_fen,
        lines=len(read.lines),
        new_lines=new_lines,
        imported_by=caller.person_id,
        imported_at=caller.at,
    )


async def find_gaps(tx: Tx, compound_id: UUID, account: str) -> tuple[Gap, ...]:
    """Where the imported lines do not join: a statement is missing between them."""
    return rules.find_gaps(await store.lines(tx, compound_id, account))


async def statements(
    tx: Tx, caller: Caller, account: str | None = None
) -> tuple[BankStatement, ...]:
    caller.check_reads_books()
    return await store.statements(tx, caller.compound_id, account)


async def lines(
    tx: Tx,
    caller: Caller,
    *,
    account: str | None,
    state: LineState | None,
    limit: int,
    after: tuple[date, UUID] | None,
) -> tuple[BankLine, ...]:
    """Newest first."""
    caller.check_reads_books()
    return await store.page(tx, caller.compound_id, account, state, limit, after)
