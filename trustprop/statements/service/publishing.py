"""Publishing a closed month: drawn up once from locked books, numbered, attested, never changed."""

from datetime import timedelta
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trustprop.compounds import service as compounds
from trustprop.kernel import merkle
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period, local_date
from trustprop.ledger import service as ledger
from trustprop.ledger.rules import checkpoint
from trustprop.plumbing import jobs
from trustprop.plumbing.database import Tx
from trustprop.plumbing.files import Files
from trustprop.statements import rules, store
from trustprop.statements.model import (
    PRINT_JOB,
    CloseState,
    Compound,
    Edition,
    Figures,
    Journal,
    JournalEntry,
    PeriodClose,
    PreviousStatement,
    Published,
    Seal,
    SignedAct,
    Statement,
)
from trustprop.statements.service.facts import Gathered, gather, signed_acts


async def publish(
    tx: Tx, caller: Caller, period: Period, key: Ed25519PrivateKey, public_url: str
) -> Published:
    """Draws up the statement of a closed month under the next number of its year.

    A month published before is answered as it was. Raises MonthNotClosed.
    """
    caller.check_office_or_scope(
        "books:write",
        Office.TRUSTEE_BOOKKEEPER,
        Office.TRUSTEE_MANAGER,
        Office.COMMITTEE_DIRECTOR,
        Office.COMMITTEE_MEMBER,
    )
    await ledger.lock_books(tx, caller.compound_id)
    standing = await store.find_of_period(tx, caller.compound_id, period)
    if standing is not None:
        return standing
    found = await store.find_close(tx, caller.compound_id, period=period)
    if found is None or found[0].state is not CloseState.CLOSED:
        raise rules.MonthNotClosed(period=str(period))
    await _publish(tx, caller, period, found[0], found[1], key, public_url)
    published = await store.find_of_period(tx, caller.compound_id, period)
    assert published is not None
    return published


async def _publish(
    tx: Tx,
    caller: Caller,
    period: Period,
    close: PeriodClose,
    figures: bytes,
    key: Ed25519PrivateKey,
    public_url: str,
) -> None:
    before = await store.last_before(tx, caller.compound_id, period)
    serial = await store.next_serial(tx, caller.compound_id, period.year)
    (act,) = await signed_acts(tx, caller.compound_id, {close.act_id: None})
    gathered = await gather(tx, caller.compound_id, period, close.body.tree_size, (), ())
    journal = await _journal(
        tx, caller, close, act, gathered, before.tree_size if before else 0, key
    )
    journal_json = canonical_json(journal)
    number = rules.public_number(period.year, serial)
    previous = before and PreviousStatement(
        number=rules.public_number(before.year, before.serial), digest=before.digest.hex()
    )
    statement = await _statement(
        tx, caller, number, previous, act, journal, sha256(journal_json).hex(), figures, public_url
    )
    document = canonical_json(statement)
    text = rules.note_text(caller.compound_id, number, sha256(document))
    await store.add_statement(
        tx,
        caller.compound_id,
        serial=serial,
        period=period,
        act_id=close.act_id,
        tree_size=journal.tree_size,
        document=document,
        digest=sha256(document),
        previous_digest=before.digest if before else None,
        journal=journal_json,
        note=checkpoint.sign_note(text, rules.note_name(caller.compound_id), key),
        published_at=caller.at,
    )
    await jobs.enqueue(tx, PRINT_JOB, {"compound_id": str(caller.compound_id), "number": number})


async def _journal(
    tx: Tx,
    caller: Caller,
    close: PeriodClose,
    act: SignedAct,
    gathered: Gathered,
    start: int,
    key: Ed25519PrivateKey,
) -> Journal:
    compound_id, size = caller.compound_id, close.body.tree_size
    leaves = await store.leaves(tx, compound_id, start, size)
    month = gathered.month
    return Journal(
        compound_id=compound_id,
        period=str(month.period),
        previous_tree_size=start,
        previous_frontier=tuple(
            peak.hex() for peak in await store.frontier(tx, compound_id, start)
        ),
        leaves=tuple(leaf.hex() for leaf in leaves),
        tree_size=size,
        root=close.body.root,
        checkpoint=await ledger.checkpoint(tx, compound_id, key, size),
        log_key=str(checkpoint.verifier_of(checkpoint.origin(compound_id), key)),
        opening=month.opening,
        closing=rules.closing_balances(month.opening, month.entries),
        entries=await _proved(tx, compound_id, month.entries, start, size),
        close_act=act,
        payments=gathered.payments,
    )


async def _proved(
    tx: Tx, compound_id: UUID, entries: tuple[JournalEntry, ...], start: int, size: int
) -> tuple[JournalEntry, ...]:
    """An entry booked before the last seal is no leaf of this journal and brings its own proof."""
    proved = []
    for entry in entries:
        if entry.number > start:
            proved.append(entry)
            continue
        proof = await ledger.inclusion_proof(tx, compound_id, entry.entry_id, size)
        proved.append(msgspec.structs.replace(entry, proof=proof.hashes))
    return tuple(proved)


async def _statement(
    tx: Tx,
    caller: Caller,
    number: str,
    previous: PreviousStatement | None,
    act: SignedAct,
    journal: Journal,
    journal_digest: str,
    figures: bytes,
    public_url: str,
) -> Statement:
    compound = await compounds.find(tx, caller.compound_id)
    today = local_date(caller.at)
    limits = await compounds.limits(tx, caller.compound_id, today)
    frontier = tuple(bytes.fromhex(peak) for peak in journal.previous_frontier)
    return Statement(
        compound=Compound(
            compound_id=compound.compound_id,
            name=compound.name,
            credit_code=compound.credit_code or None,
        ),
        number=number,
        version=1,
        public_url=f"{public_url}/public/{compound.compound_id}/statements/{number}",
        published_at=caller.at,
        published_on=today,
        objections_until=today + timedelta(days=limits.objection_days.value),
        previous=previous,
        close_act_id=act.act_id,
        close_act_digest=act.digest,
        signatures=rules.signers(act),
        seal=Seal(
            tree_size=journal.tree_size,
            root=journal.root,
            checkpoint=journal.checkpoint,
            previous_tree_size=journal.previous_tree_size,
            previous_root=merkle.root_of_peaks(frontier).hex() if frontier else None,
        ),
        journal_digest=journal_digest,
        figures=msgspec.json.decode(figures, type=Figures),
    )


# -- reading: what is published is public --------------------------------------------------------


async def listed(tx: Tx, compound_id: UUID) -> tuple[Published, ...]:
    """The newest first."""
    return await store.published(tx, compound_id)


async def months(tx: Tx, compound_id: UUID, first: Period, last: Period) -> tuple[Statement, ...]:
    """The published statements of these months, in order."""
    documents = await store.months(tx, compound_id, first, last)
    return tuple(msgspec.json.decode(document, type=Statement) for document in documents)


async def published_ends(tx: Tx, compound_id: UUID) -> tuple[Period, Period] | None:
    """The first and the last published month; None before the first publication."""
    return await store.ends(tx, compound_id)


async def documents(tx: Tx, compound_id: UUID, number: str) -> Edition:
    """Raises Missing."""
    parsed = rules.parse_number(number)
    found = await store.documents(tx, compound_id, *parsed) if parsed else None
    if found is None:
        raise Missing(kind="statement")
    statement, journal, note = found
    return Edition(statement=statement, journal=journal, note=note)


async def published_entry(tx: Tx, compound_id: UUID, number: int) -> str:
    """The number of the statement that publishes an entry. Raises Missing."""
    found = await store.statement_of_entry(tx, compound_id, number)
    if found is None:
        raise Missing(kind="entry")
    return rules.public_number(*found)


async def keep_print(
    tx: Tx, compound_id: UUID, files: Files, number: str, lang: str, content: bytes
) -> None:
    """Keeps a print among the files; the same one again changes nothing."""
    parsed = rules.parse_number(number)
    assert parsed is not None
    hashed = sha256(content)
    await files.put(str(compound_id), hashed.hex(), content)
    await store.add_print(tx, compound_id, *parsed, lang, hashed, len(content))


async def open_print(
    tx: Tx, compound_id: UUID, files: Files, number: str, lang: str
) -> bytes | None:
    """None while it has not been printed."""
    parsed = rules.parse_number(number)
    found = await store.find_print(tx, compound_id, *parsed, lang) if parsed else None
    return None if found is None else await files.get(str(compound_id), found.hex())
