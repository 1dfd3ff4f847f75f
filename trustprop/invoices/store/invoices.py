"""Statements over invoices: one for any number of submissions, one for any number of moves."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import Row, Select, delete, func, insert, select, update

from trustprop.invoices.model import (
    AcceptedLine,
    Invoice,
    InvoiceEvent,
    InvoiceKind,
    InvoiceState,
    PlatformCheck,
    Similar,
    Submission,
    Verdict,
)
from trustprop.invoices.tables import (
    invoice,
    invoice_claim,
    invoice_event,
    invoice_line,
    invoice_platform_check,
)
from trustprop.kernel.caller import Caller
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx
from trustprop.plumbing.idempotency import Claim

_DEAD = (InvoiceState.REJECTED, InvoiceState.WITHDRAWN)


async def submit(
    tx: Tx, caller: Caller, submissions: Sequence[Submission]
) -> tuple[tuple[Verdict, tuple[str, ...]], ...]:
    """One statement for all of them.

    The verdicts come in the order of the submissions, with the claims that others hold.
    """
    records = await tx.raw.fetch(
        "SELECT verdict, taken FROM submit_invoices($1, $2, $3, $4, $5)",
        caller.compound_id,
        caller.person_id,
        caller.credential_id,
        caller.at,
        msgspec.json.encode([_submission(each) for each in submissions]).decode(),
    )
    return tuple((Verdict(record["verdict"]), tuple(record["taken"])) for record in records)


async def submit_once(tx: Tx, caller: Caller, submission: Submission, claim: Claim) -> bool:
    """One submission and the answer to its key in one statement, a transaction by itself.

    False when anything else than a plain success came of it; then nothing has changed.
    """
    try:
        came_in: bool = await tx.raw.fetchval(
            "SELECT submit_invoice_once($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            caller.compound_id,
            caller.person_id,
            caller.credential_id,
            caller.at,
            msgspec.json.encode([_submission(submission)]).decode(),
            claim.claimant_id,
            claim.route,
            claim.key,
            claim.content_sha256,
            claim.status,
            claim.body,
        )
    except (asyncpg.RaiseError, asyncpg.LockNotAvailableError):
        return False
    return came_in


def _submission(submission: Submission) -> dict[str, Any]:
    content = submission.content
    return {
        "invoice_id": content.id,
        "vendor_id": submission.vendor_id,
        "contract_id": content.contract_id,
        "corrects_id": content.corrects_id,
        "kind": content.kind,
        "number": submission.number,
        "fiscal_number": submission.fiscal_number,
        "number_hash": submission.number_hash,
        "vendor_reference": content.vendor_reference,
        "issued_on": content.issued_on,
        "net_fen": content.net_fen,
        "tax_fen": content.tax_fen,
        "gross_fen": content.gross_fen,
        "description": content.description,
        "files": content.files,
        "attachments": content.attachments,
        "is_xml_checked": submission.is_xml_checked,
        "digest": submission.digest.hex(),
        "claims": submission.claims,
    }


async def find(
    tx: Tx, compound_id: UUID, invoice_id: UUID, *, lock: bool = False
) -> Invoice | None:
    found = await find_many(tx, compound_id, [invoice_id], lock=lock)
    return found[0] if found else None


async def find_many(
    tx: Tx, compound_id: UUID, invoice_ids: Collection[UUID], *, lock: bool = False
) -> tuple[Invoice, ...]:
    """In id order, so that two lockers over the same invoices cannot deadlock."""
    statement = (
        _invoices(compound_id)
        .where(invoice.c.invoice_id.in_(invoice_ids))
        .order_by(invoice.c.invoice_id)
    )
    result = await tx.execute(statement.with_for_update() if lock else statement)
    return tuple(_invoice(row) for row in result)


async def page(
    tx: Tx,
    compound_id: UUID,
    *,
    vendor_id: UUID | None,
    state: InvoiceState | None,
    before: UUID | None,
    limit: int,
) -> tuple[Invoice, ...]:
    """The newest ids first."""
    statement = _invoices(compound_id).order_by(invoice.c.invoice_id.desc()).limit(limit + 1)
    if vendor_id is not None:
        statement = statement.where(invoice.c.vendor_id == vendor_id)
    if state is not None:
        statement = statement.where(invoice.c.state == state)
    if before is not None:
        statement = statement.where(invoice.c.invoice_id < before)
    return tuple(_invoice(row) for row in await tx.execute(statement))


async def similar(tx: Tx, compound_id: UUID, to: Invoice) -> tuple[Similar, ...]:
    """Other live invoices of the same vendor, amount and date."""
    result = await tx.execute(
        select(invoice.c.invoice_id, invoice.c.number, invoice.c.state)
        .where(
            invoice.c.compound_id == compound_id,
            invoice.c.vendor_id == to.vendor_id,
            invoice.c.gross_fen == to.gross_fen,
            invoice.c.issued_on == to.issued_on,
            invoice.c.invoice_id != to.invoice_id,
            invoice.c.state.not_in(_DEAD),
        )
        .order_by(invoice.c.invoice_id)
    )
    return rows.all_of(Similar, result)


async def taken_back(
    tx: Tx, compound_id: UUID, blue_ids: Collection[UUID], but: Collection[UUID]
) -> dict[UUID, int]:
    """What live red invoices already take back of each, leaving some out; zero or below."""
    result = await tx.execute(
        select(invoice.c.corrects_id, func.sum(invoice.c.gross_fen).label("total_fen"))
        .where(
            invoice.c.compound_id == compound_id,
            invoice.c.corrects_id.in_(blue_ids),
            invoice.c.invoice_id.not_in(but),
            invoice.c.state.not_in(_DEAD),
        )
        .group_by(invoice.c.corrects_id)
    )
    return {row.corrects_id: int(row.total_fen) for row in result}


async def submitter(tx: Tx, compound_id: UUID, invoice_id: UUID) -> UUID | None:
    """The person who handed it in; None for a machine."""
    result = await tx.execute(
        select(invoice_event.c.person_id).where(
            invoice_event.c.compound_id == compound_id,
            invoice_event.c.invoice_id == invoice_id,
            invoice_event.c.version == 1,
        )
    )
    person_id: UUID | None = result.scalar_one()
    return person_id


async def events(tx: Tx, compound_id: UUID, invoice_id: UUID) -> tuple[InvoiceEvent, ...]:
    result = await tx.execute(
        select(
            invoice_event.c.version,
            invoice_event.c.state,
            invoice_event.c.at,
            invoice_event.c.person_id,
            invoice_event.c.order_id,
            invoice_event.c.reason,
        )
        .where(invoice_event.c.compound_id == compound_id, invoice_event.c.invoice_id == invoice_id)
        .order_by(invoice_event.c.version)
    )
    return rows.all_of(InvoiceEvent, result)


async def lines(tx: Tx, compound_id: UUID, invoice_id: UUID) -> tuple[AcceptedLine, ...]:
    """As it stands accepted; none while it does not."""
    result = await tx.execute(
        select(
            invoice_line.c.account,
            invoice_line.c.amount_fen,
            invoice_line.c.budget_line_id,
            invoice_line.c.counterparty_id,
            invoice_line.c.scope,
            invoice_line.c.project,
        )
        .join(
            invoice,
            (invoice.c.compound_id == invoice_line.c.compound_id)
            & (invoice.c.invoice_id == invoice_line.c.invoice_id),
        )
        .where(
            invoice_line.c.compound_id == compound_id,
            invoice_line.c.invoice_id == invoice_id,
            invoice_line.c.version == _last_accepted(compound_id, invoice_id).scalar_subquery(),
            invoice.c.entry_id.is_not(None),
        )
        .order_by(invoice_line.c.line)
    )
    return rows.all_of(AcceptedLine, result)


async def accepted_version(tx: Tx, compound_id: UUID, invoice_id: UUID) -> int:
    """The version that its last acceptance made."""
    version: int = (await tx.execute(_last_accepted(compound_id, invoice_id))).scalar_one()
    return version


def _last_accepted(compound_id: UUID, invoice_id: UUID) -> Select[Any]:
    line = invoice_line.alias("accepted")
    return select(func.max(line.c.version)).where(
        line.c.compound_id == compound_id, line.c.invoice_id == invoice_id
    )


async def acceptance_evidence(tx: Tx, compound_id: UUID, invoice_id: UUID) -> tuple[str, ...]:
    result = await tx.execute(
        select(invoice.c.acceptance_evidence).where(
            invoice.c.compound_id == compound_id, invoice.c.invoice_id == invoice_id
        )
    )
    return tuple(file.hex() for file in result.scalar_one() or ())


async def platform_checks(tx: Tx, compound_id: UUID, invoice_id: UUID) -> tuple[PlatformCheck, ...]:
    """The latest last."""
    result = await tx.execute(
        select(
            invoice_platform_check.c.check_id,
            invoice_platform_check.c.result,
            invoice_platform_check.c.checked_at,
            invoice_platform_check.c.checked_by,
            invoice_platform_check.c.recorded_at,
            invoice_platform_check.c.note,
        )
        .where(
            invoice_platform_check.c.compound_id == compound_id,
            invoice_platform_check.c.invoice_id == invoice_id,
        )
        .order_by(
            invoice_platform_check.c.checked_at,
            invoice_platform_check.c.recorded_at,
            invoice_platform_check.c.check_id,
        )
    )
    return rows.all_of(PlatformCheck, result)


async def add_platform_check(
    tx: Tx, compound_id: UUID, invoice_id: UUID, check: PlatformCheck
) -> None:
    await tx.execute(
        insert(invoice_platform_check).values(
            compound_id=compound_id,
            check_id=check.check_id,
            invoice_id=invoice_id,
            result=check.result,
            checked_at=check.checked_at,
            checked_by=check.checked_by,
            recorded_at=check.recorded_at,
            note=check.note,
        )
    )


async def accept(
    tx: Tx,
    caller: Caller,
    accepted: Invoice,
    accepted_lines: Sequence[AcceptedLine],
    evidence: Sequence[str],
) -> None:
    await tx.execute(
        update(invoice)
        .where(_is(caller.compound_id, accepted.invoice_id))
        .values(
            state=accepted.state,
            version=accepted.version,
            fund=accepted.fund,
            entry_id=accepted.entry_id,
            acceptance_evidence=[bytes.fromhex(file) for file in evidence],
            reason=accepted.reason,
        )
    )
    await tx.execute(
        insert(invoice_line),
        [
            {
                "compound_id": caller.compound_id,
                "invoice_id": accepted.invoice_id,
                "version": accepted.version,
                "line": i,
                "account": line.account,
                "amount_fen": line.amount_fen,
                "budget_line_id": line.budget_line_id,
                "counterparty_id": line.counterparty_id,
                "scope": line.scope,
                "project": line.project,
            }
            for i, line in enumerate(accepted_lines, start=1)
        ],
    )
    await add_events(tx, caller, [accepted])


async def save_taken_back(tx: Tx, caller: Caller, again: Invoice) -> None:
    await tx.execute(
        update(invoice)
        .where(_is(caller.compound_id, again.invoice_id))
        .values(
            state=again.state,
            version=again.version,
            fund=None,
            entry_id=None,
            acceptance_evidence=None,
            reason=again.reason,
        )
    )
    await add_events(tx, caller, [again])


async def end(
    tx: Tx, caller: Caller, ended: Invoice, claims: Sequence[str], number_hash: bytes | None
) -> None:
    """Rejected or withdrawn: its number, reference and files are free again."""
    await tx.execute(
        update(invoice)
        .where(_is(caller.compound_id, ended.invoice_id))
        .values(state=ended.state, version=ended.version, reason=ended.reason)
    )
    await tx.execute(
        delete(invoice_claim).where(
            invoice_claim.c.compound_id == caller.compound_id,
            invoice_claim.c.claim.in_(claims),
            invoice_claim.c.invoice_id == ended.invoice_id,
        )
    )
    if number_hash is not None:
        await tx.execute(select(func.free_invoice_number(ended.invoice_id, number_hash)))
    await add_events(tx, caller, [ended])


async def move(tx: Tx, caller: Caller, moved: Sequence[Invoice], order_id: UUID) -> None:
    """All moved to the same state by one order; they are locked already."""
    await tx.execute(
        update(invoice)
        .where(
            invoice.c.compound_id == caller.compound_id,
            invoice.c.invoice_id.in_([each.invoice_id for each in moved]),
        )
        .values(state=moved[0].state, version=invoice.c.version + 1, order_id=moved[0].order_id)
    )
    await add_events(tx, caller, moved, order_id)


async def add_events(
    tx: Tx, caller: Caller, moved: Sequence[Invoice], order_id: UUID | None = None
) -> None:
    await tx.execute(
        insert(invoice_event),
        [
            {
                "compound_id": caller.compound_id,
                "invoice_id": each.invoice_id,
                "version": each.version,
                "state": each.state,
                "at": caller.at,
                "person_id": caller.person_id,
                "credential_id": caller.credential_id,
                "order_id": order_id,
                "reason": each.reason,
            }
            for each in moved
        ],
    )


async def unpaid_fen(tx: Tx, compound_id: UUID, fund: str) -> int:
    statement = select(func.coalesce(func.sum(invoice.c.gross_fen), 0)).where(
        invoice.c.compound_id == compound_id,
        invoice.c.fund == fund,
        invoice.c.state.in_((InvoiceState.ACCEPTED, InvoiceState.ORDERED)),
    )
    return int((await tx.execute(statement)).scalar_one())


def _is(compound_id: UUID, invoice_id: UUID) -> Any:
    return (invoice.c.compound_id == compound_id) & (invoice.c.invoice_id == invoice_id)


def _invoices(compound_id: UUID) -> Select[Any]:
    return select(
        invoice.c.invoice_id,
        invoice.c.vendor_id,
        invoice.c.contract_id,
        invoice.c.corrects_id,
        invoice.c.kind,
        invoice.c.number,
        invoice.c.vendor_reference,
        invoice.c.issued_on,
        invoice.c.net_fen,
        invoice.c.tax_fen,
        invoice.c.gross_fen,
        invoice.c.description,
        invoice.c.files,
        invoice.c.attachments,
        invoice.c.is_xml_checked,
        invoice.c.state,
        invoice.c.version,
        invoice.c.submitted_at,
        invoice.c.fund,
        invoice.c.entry_id,
        invoice.c.order_id,
        invoice.c.reason,
    ).where(invoice.c.compound_id == compound_id)


def _invoice(row: Row[Any]) -> Invoice:
    values = dict(row._mapping)  # noqa: SLF001 - public, for all its underscore
    values["kind"] = InvoiceKind(row.kind)
    values["state"] = InvoiceState(row.state)
    values["files"] = tuple(file.hex() for file in row.files)
    values["attachments"] = tuple(file.hex() for file in row.attachments)
    return Invoice(**values)
