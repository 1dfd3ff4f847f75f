"""An invoice comes in, alone or among a thousand."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds import service as compounds
from trustprop.evidence import service as evidence
from trustprop.evidence.model import File, MediaType
from trustprop.invoices.model import (
    Buyer,
    EInvoice,
    Invoice,
    InvoiceKind,
    Submission,
    SubmitInvoice,
    Surroundings,
    Verdict,
)
from trustprop.invoices.rules import e_invoice
from trustprop.invoices.rules import submission as rules
from trustprop.invoices.store import contracts, vendors
from trustprop.invoices.store import invoices as store
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import FieldError, Refusal
from trustprop.kernel.periods import local_date
from trustprop.plumbing.database import Tx
from trustprop.plumbing.files import Files
from trustprop.plumbing.idempotency import Claim


async def submit(tx: Tx, caller: Caller, files: Files, command: SubmitInvoice) -> Invoice:
    """An invoice comes in. The same id with the same content is success.

    Raises OfficeNeeded, ScopeNeeded, Missing, FilesMissing, FieldsInvalid (every failed check at
    once), VendorNotAdmitted, InvoiceIdTaken, InvoiceDuplicate or InvoiceUsedElsewhere.
    """
    (result,) = await submit_batch(tx, caller, files, [command])
    if isinstance(result, Refusal):
        raise result
    return result


def foreseen(caller: Caller, command: SubmitInvoice) -> Submission | None:
    """The submission where the command alone decides about it, as of a bill without files.

    None when something has to be looked up, or when it is refused: :func:`submit` then says why.
    """
    if command.contract_id or command.corrects_id or command.files or command.attachments:
        return None
    try:
        rules.check_submits(caller)
        return rules.prepare(caller, command, Surroundings(today=local_date(caller.at)))
    except Refusal:
        return None


async def submit_once(tx: Tx, caller: Caller, submission: Submission, claim: Claim) -> bool:
    """A foreseen submission with the answer to its key, in one statement; False: nothing changed."""
    return await store.submit_once(tx, caller, submission, claim)


async def submit_batch(
    tx: Tx, caller: Caller, files: Files, commands: Sequence[SubmitInvoice]
) -> tuple[Invoice | Refusal, ...]:
    """Many invoices, each of which stands or falls by itself, in one statement.

    Raises OfficeNeeded or ScopeNeeded for all; every other refusal is the item's own.
    """
    rules.check_submits(caller)
    around = await _surroundings(tx, caller, files, commands)
    results: dict[int, Invoice | Refusal] = {}
    prepared: list[tuple[int, Submission]] = []
    for i, command in enumerate(commands):
        try:
            prepared.append((i, rules.prepare(caller, command, around)))
        except Refusal as refusal:
            results[i] = refusal
    if prepared:
        results |= await _store(tx, caller, prepared)
    return tuple(results[i] for i in range(len(commands)))


async def _store(
    tx: Tx, caller: Caller, prepared: Sequence[tuple[int, Submission]]
) -> dict[int, Invoice | Refusal]:
    verdicts = await store.submit(tx, caller, [each for _, each in prepared])
    results: dict[int, Invoice | Refusal] = {}
    already: dict[int, UUID] = {}
    for (i, submission), (verdict, taken) in zip(prepared, verdicts, strict=True):
        if verdict is Verdict.ALREADY:
            already[i] = submission.content.id
        else:
            results[i] = rules.refusal_of(verdict, taken) or rules.submitted(submission, caller)
    if already:
        found = await store.find_many(tx, caller.compound_id, set(already.values()))
        stored = {each.invoice_id: each for each in found}
        results |= {i: stored[invoice_id] for i, invoice_id in already.items()}
    return results


async def _surroundings(
    tx: Tx, caller: Caller, files: Files, commands: Sequence[SubmitInvoice]
) -> Surroundings:
    """Loads only what the commands name: a bill without files and contract loads nothing."""
    around = Surroundings(today=local_date(caller.at))
    around = await _with_contracts(tx, caller, commands, around)
    around = await _with_blue(tx, caller, commands, around)
    return await _with_files(tx, caller, files, commands, around)


async def _with_contracts(
    tx: Tx, caller: Caller, commands: Sequence[SubmitInvoice], around: Surroundings
) -> Surroundings:
    ids = {each.contract_id for each in commands if each.contract_id is not None}
    if not ids:
        return around
    limits = await compounds.limits(tx, caller.compound_id, around.today)
    return replace(
        around,
        contracts=await contracts.find_many(tx, caller.compound_id, ids),
        grace_days=limits.invoice_grace_days.value,
    )


async def _with_blue(
    tx: Tx, caller: Caller, commands: Sequence[SubmitInvoice], around: Surroundings
) -> Surroundings:
    """Locks the blue invoices, so that two red ones at once cannot take back too much together."""
    ids = {each.corrects_id for each in commands if each.corrects_id is not None}
    if not ids:
        return around
    found = await store.find_many(tx, caller.compound_id, ids, lock=True)
    own = {each.id for each in commands}
    return replace(
        around,
        blue={each.invoice_id: each for each in found},
        taken_back_fen=await store.taken_back(tx, caller.compound_id, ids, own),
    )


async def _with_files(
    tx: Tx,
    caller: Caller,
    files: Files,
    commands: Sequence[SubmitInvoice],
    around: Surroundings,
) -> Surroundings:
    digests = {digest for each in commands for digest in (*each.files, *each.attachments)}
    if not digests:
        return around
    known = await evidence.find_all(tx, caller.compound_id, digests)
    around = replace(around, files={digest: file.media_type for digest, file in known.items()})
    wanted = {
        digest
        for each in commands
        if each.kind is InvoiceKind.E_INVOICE
        for digest in each.files
        if around.files.get(digest) is MediaType.XML
    }
    if not wanted:
        return around
    named = (caller.vendor_id or each.vendor_id for each in commands)
    vendor_ids = {vendor_id for vendor_id in named if vendor_id is not None}
    return replace(
        around,
        vendors=await vendors.find_many(tx, caller.compound_id, vendor_ids),
        buyers=await _buyers(tx, caller.compound_id, around.today),
        e_invoices={digest: await _read(files, known[digest], caller) for digest in wanted},
    )


async def _read(files: Files, file: File, caller: Caller) -> EInvoice | FieldError:
    try:
        e_invoice.check_size(file.size)
        return e_invoice.read(await evidence.content_of(files, caller.compound_id, file.sha256))
    except e_invoice.XmlRefused as refused:
        return refused.field_error


async def _buyers(tx: Tx, compound_id: UUID, on: date) -> tuple[Buyer, ...]:
    """The assembly under its own code, or the trustee with the compound named in the remark."""
    compound = await compounds.find(tx, compound_id)
    instrument = await compounds.trust_instrument(tx, compound_id, on)
    if instrument is None:
        return (Buyer(name=compound.name, credit_code=compound.credit_code),)
    trustee = instrument.trustee
    return (
        Buyer(name=compound.name, credit_code=compound.credit_code),
        Buyer(name=instrument.settlor, credit_code=compound.credit_code),
        Buyer(name=trustee.name, credit_code=trustee.credit_code, must_name=compound.name),
    )
