"""How the books are asked over HTTP."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import MediaType, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, Parameter
from litestar.response import Stream

from trustprop.acts.model import Act
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period, utc
from trustprop.kernel.struct import Fact
from trustprop.ledger import service
from trustprop.ledger.model import (
    Account,
    Balance,
    ConsistencyProof,
    DraftOpening,
    EntryKind,
    InclusionProof,
    JournalEntry,
    OpenAccount,
    PostedEntry,
    PostVoucher,
    ReverseVoucher,
    SubledgerBalance,
)
from trustprop.plumbing.database import Database
from trustprop.plumbing.downloads import operation_of
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, Number, Page, open_cursor, page

BASE = "/compounds/{compound_id:uuid}"
TAGS = ["ledger"]
ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]
TreeSize = Annotated[int | None, Parameter(ge=0, le=2**62)]
Month = Annotated[str | None, Parameter(pattern=r"^(199\d|[2-9]\d{3})-(0[1-9]|1[0-2])$")]
Language = Annotated[str, Parameter(pattern=r"^(zh-CN|en)$")]
MEDIA_TYPES = {
    service.ExportFormat.CSV: "text/csv",
    service.ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    service.ExportFormat.BEANCOUNT: "text/plain",
    service.ExportFormat.HLEDGER: "text/plain",
}


class Balances(Fact):
    """Every balance that is not zero, debit positive."""

    tree_size: int
    on: date | None
    data: tuple[Balance, ...]


class Seal(Fact):
    period: str
    closed_at: str
    tree_size: int
    root: str


class Seals(Fact):
    data: tuple[Seal, ...]


class Accounts(Fact):
    data: tuple[Account, ...]


class TrialLine(Fact):
    fund: str
    account: str
    opening_fen: int
    debit_fen: int
    credit_fen: int
    closing_fen: int


class Trial(Fact):
    period: str
    data: tuple[TrialLine, ...]


@post(f"{BASE}/vouchers", operation_id="vouchers_create", tags=TAGS)
async def create_voucher(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[PostVoucher],
) -> Response[PostedEntry]:
    """Post a bookkeeper's voucher: no money out of a bank account, across a fund wall or from a budget line.

    What uses a budget line is posted at ``/accruals``.
    """
    async with database.begin(caller) as tx:
        return await once(tx, service.post_plain_voucher(tx, caller, data))


@post(f"{BASE}/entries/{{entry_id:uuid}}/reversals", operation_id="entries_reverse", tags=TAGS)
async def reverse_entry(
    entry_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[ReverseVoucher],
) -> Response[PostedEntry]:
    """Take back a voucher by its mirror, dated in an open month."""
    async with database.begin(caller) as tx:
        return await once(tx, service.reverse_plain_voucher(tx, caller, entry_id, data))


@post(f"{BASE}/opening-balances", operation_id="opening_balances_draft", tags=TAGS)
async def draft_opening(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DraftOpening],
) -> Response[Act]:
    """Put the opening balances before both sides; the last signature opens the books."""
    async with database.begin(caller) as tx:
        return await once(tx, service.draft_opening(tx, caller, data))


@get(f"{BASE}/accounts", operation_id="accounts_list", tags=TAGS)
async def list_accounts(
    caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Accounts:
    """The chart of accounts, in code order."""
    caller.check_reads_books()
    async with database.read(caller) as tx:
        return Accounts(data=await service.accounts(tx, caller.compound_id))


@post(f"{BASE}/accounts", operation_id="accounts_create", tags=TAGS)
async def open_account(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[OpenAccount],
) -> Response[Account]:
    """Open an account of the compound's own in a group of the chart."""
    async with database.begin(caller) as tx:
        return await once(tx, service.open_account(tx, caller, data))


@get(f"{BASE}/entries", operation_id="entries_list", tags=TAGS)
async def list_entries(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
    as_of: TreeSize = None,
    period: Month = None,
    account: str | None = None,
    fund: str | None = None,
    kind: EntryKind | None = None,
    counterparty_id: UUID | None = None,
    budget_line_id: UUID | None = None,
) -> Page[JournalEntry]:
    """Entries in journal order; ``as_of`` keeps every page in the same books."""
    caller.check_reads_books()
    filters = {
        "as_of": as_of,
        "period": period,
        "account": account,
        "fund": fund,
        "kind": kind,
        "counterparty_id": counterparty_id,
        "budget_line_id": budget_line_id,
    }
    position = open_cursor(cursor, filters, Number)
    async with database.read(caller) as tx:
        found = await service.entries(
            tx,
            caller.compound_id,
            after=position[0] if position else 0,
            as_of=as_of,
            in_period=Period.parse(period) if period else None,
            account=account,
            fund=fund,
            kind=kind,
            counterparty_id=counterparty_id,
            budget_line_id=budget_line_id,
            limit=limit + 1,
        )
    return page(found, limit, filters, lambda entry: [entry.number])


@get(f"{BASE}/entries/{{entry_id:uuid}}", operation_id="entries_get", tags=TAGS)
async def get_entry(
    entry_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> JournalEntry:
    """One entry with its lines, its evidence and what reverses it."""
    caller.check_reads_books()
    async with database.read(caller) as tx:
        return await service.entry(tx, caller.compound_id, entry_id)


@get(f"{BASE}/balances", operation_id="balances_list", tags=TAGS)
async def list_balances(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    on: date | None = None,
    as_of: TreeSize = None,
) -> Balances:
    """Balances now, at the end of a day (``on``) or after so many entries (``as_of``)."""
    caller.check_reads_books()
    async with database.read(caller) as tx:
        books = await service.books(tx, caller.compound_id)
        found = await service.balances(tx, caller.compound_id, on=on, tree_size=as_of)
    size = books.tree_size if as_of is None else as_of
    return Balances(tree_size=size, on=on, data=found)


@get(f"{BASE}/accounts/{{code:str}}/subledger", operation_id="subledgers_get", tags=TAGS)
async def get_subledger(
    code: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
) -> Page[SubledgerBalance]:
    """Every counterparty's balance on an account."""
    caller.check_reads_books()
    position = open_cursor(cursor, {"code": code}, str, str)
    async with database.read(caller) as tx:
        found = await service.subledger(tx, caller.compound_id, code)
    following = [one for one in found if position is None or _place(one) > position]
    return page(following, limit, {"code": code}, _place)


@get(f"{BASE}/periods/{{period:str}}/trial-balance", operation_id="trial_balances_get", tags=TAGS)
async def get_trial_balance(
    period: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Trial:
    """Opening, debit, credit and closing of every account and fund over a month."""
    caller.check_reads_books()
    async with database.read(caller) as tx:
        trial = await service.trial_balance(tx, caller.compound_id, _month(period))
    lines = tuple(
        TrialLine(
            fund=line.fund,
            account=line.account,
            opening_fen=line.opening_fen,
            debit_fen=line.debit_fen,
            credit_fen=line.credit_fen,
            closing_fen=line.closing_fen,
        )
        for line in trial.lines
    )
    return Trial(period=period, data=lines)


@get(f"{BASE}/periods", operation_id="periods_list", tags=TAGS)
async def list_periods(
    caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Seals:
    """The sealed months with the journal's size and root at their close."""
    caller.check_reads_books()
    async with database.read(caller) as tx:
        sealed = await service.sealed_periods(tx, caller.compound_id)
    return Seals(
        data=tuple(
            Seal(
                period=str(one.period),
                closed_at=utc(one.closed_at),
                tree_size=one.tree_size,
                root=one.root,
            )
            for one in sealed
        )
    )


@get(f"{BASE}/proofs/inclusion", operation_id="proofs_inclusion", tags=TAGS)
async def prove_inclusion(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    entry_id: UUID,
    tree_size: TreeSize = None,
) -> InclusionProof:
    """That an entry is in the journal of this size (RFC 6962)."""
    async with database.read(caller) as tx:
        return await service.inclusion_proof(tx, caller.compound_id, entry_id, tree_size)


@get(f"{BASE}/proofs/consistency", operation_id="proofs_consistency", tags=TAGS)
async def prove_consistency(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    first: Annotated[int, Parameter(ge=1, le=2**62)],
    second: TreeSize = None,
) -> ConsistencyProof:
    """That the journal of one size begins the journal of another (RFC 6962)."""
    async with database.read(caller) as tx:
        return await service.consistency_proof(tx, caller.compound_id, first, second)


@get(
    f"{BASE}/checkpoint",
    operation_id="checkpoints_get",
    tags=TAGS,
    media_type=MediaType.TEXT,
)
async def get_checkpoint(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    log_key: NamedDependency[Ed25519PrivateKey],
    tree_size: TreeSize = None,
) -> str:
    """The journal's size and root, signed (C2SP tlog-checkpoint)."""
    async with database.read(caller) as tx:
        return await service.checkpoint(tx, caller.compound_id, log_key, tree_size)


@get(
    f"{BASE}/export",
    operation_id="journal_export",
    operation_class=operation_of(MEDIA_TYPES.values()),
    tags=TAGS,
)
async def export_journal(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    form: Annotated[service.ExportFormat, Parameter(query="format")],
    as_of: TreeSize = None,
    lang: Language = "zh-CN",
) -> Stream:
    """The whole journal as CSV, XLSX, beancount or hledger."""
    caller.check_reads_books()
    async with database.read(caller) as tx:
        await service.books(tx, caller.compound_id)

    async def pieces() -> AsyncIterator[bytes]:
        async with database.read(caller) as tx:
            async for piece in service.export(
                tx, caller.compound_id, form, language=lang, as_of=as_of
            ):
                yield piece

    name = f"journal.{form}"
    return Stream(
        pieces(),
        media_type=MEDIA_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _month(text: str) -> Period:
    """Raises Missing: a month that is none has no page."""
    try:
        return Period.parse(text)
    except ValueError:
        raise Missing(kind="period") from None


def _place(one: SubledgerBalance) -> list[str]:
    return [one.fund, str(one.counterparty_id)]


handlers = [
    create_voucher,
    reverse_entry,
    draft_opening,
    list_accounts,
    open_account,
    list_entries,
    get_entry,
    list_balances,
    get_subledger,
    get_trial_balance,
    list_periods,
    prove_inclusion,
    prove_consistency,
    get_checkpoint,
    export_journal,
]
