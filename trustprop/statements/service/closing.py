"""Closing a month: drafted when every check is green, done by the last signature of both sides."""

from uuid import UUID

import msgspec
from msgspec.structs import replace

from trustprop.acts import service as acts
from trustprop.acts.model import Act, DraftAct
from trustprop.acts.service import Effect
from trustprop.banking import service as banking
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.canonical import canonical_json
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Tx
from trustprop.statements import rules, store
from trustprop.statements.model import (
    CLOSE_ACT,
    CloseBody,
    CloseState,
    Commitment,
    DraftClose,
    Figures,
    Month,
    PeriodClose,
)
from trustprop.statements.service.facts import bank_accounts, gather, reconciliations
from trustprop.statements.service.tie_outs import check


async def draft_close(tx: Tx, caller: Caller, period: Period, command: DraftClose) -> PeriodClose:
    """Puts the month's root, balances and figures before both sides.

    Raises MonthOutOfOrder, TieOutsFail, CloseAlreadyDrafted. The same draft again is success.
    """
    caller.check_office_or_scope("books:write", Office.TRUSTEE_BOOKKEEPER, Office.TRUSTEE_MANAGER)
    books = await ledger.lock_books(tx, caller.compound_id)
    standing = await store.find_close(tx, caller.compound_id, period=period)
    if standing is not None:
        if standing[0].act_id == command.id:
            return standing[0]
        raise rules.CloseAlreadyDrafted(period=str(period))
    month, body = await _draw_up(tx, caller.compound_id, period, books.tree_size)
    rules.check_closable(books, period, month.tie_outs)
    act = await acts.draft(
        tx,
        caller,
        DraftAct(
            act_id=command.id,
            kind=CLOSE_ACT,
            subject_id=command.id,
            body=body,
            expires_at=command.expires_at,
        ),
    )
    close = PeriodClose(act_id=act.act_id, state=CloseState.OPEN, body=body, drafted_at=caller.at)
    await store.add_close(tx, caller.compound_id, close, canonical_json(rules.draw_up(month)))
    return close


async def find_close(tx: Tx, caller: Caller, period: Period) -> PeriodClose:
    """Raises Missing when no close of the month stands."""
    caller.check_reads_books()
    found = await store.find_close(tx, caller.compound_id, period=period)
    if found is None:
        raise Missing(kind="close")
    return found[0]


async def _draw_up(
    tx: Tx,
    compound_id: UUID,
    period: Period,
    tree_size: int,
    commitments: tuple[Commitment, ...] | None = None,
) -> tuple[Month, CloseBody]:
    """The month with its checks, and what both sides sign of it."""
    reconciled = await reconciliations(tx, compound_id, period)
    ties = await check(tx, compound_id, period, reconciled)
    month = (await gather(tx, compound_id, period, tree_size, reconciled, ties)).month
    if commitments is not None:
        month = replace(month, commitments=commitments)
    closing = rules.closing_balances(month.opening, month.entries)
    root = await ledger.root(tx, compound_id, tree_size)
    return month, rules.close_body(rules.draw_up(month), closing, tree_size, root)


async def _signed(tx: Tx, caller: Caller, act: Act) -> None:
    """Locks the month if it is still what was signed, word for word. Raises BooksChanged."""
    await ledger.lock_books(tx, caller.compound_id)
    found = await store.find_close(tx, caller.compound_id, act_id=act.act_id)
    assert found is not None
    close, content = found
    drafted = msgspec.json.decode(content, type=Figures)
    period = Period.parse(close.body.period)
    since = await store.posted_since(tx, caller.compound_id, period, close.body.tree_size)
    _month, again = await _draw_up(
        # Contracts go on being billed after the month, so what they hold stays as drafted.
        tx,
        caller.compound_id,
        period,
        close.body.tree_size,
        commitments=drafted.commitments,
    )
    rules.check_unchanged(msgspec.convert(act.body, CloseBody), again, since)
    await ledger.close_period(tx, caller, period)
    for account in await bank_accounts(tx, caller.compound_id):
        await banking.seal(tx, caller, account.account_code, period)
    await store.end_close(tx, caller.compound_id, act.act_id, CloseState.CLOSED, caller.at)


async def _ended(tx: Tx, caller: Caller, act: Act) -> None:
    await store.end_close(tx, caller.compound_id, act.act_id, CloseState.ENDED, caller.at)


EFFECT = Effect(on_signed=_signed, on_ended=_ended)
