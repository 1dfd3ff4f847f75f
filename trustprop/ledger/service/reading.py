"""What the books say: balances, entries, proofs and checkpoints."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trustprop.kernel import merkle
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period
from trustprop.ledger import rules
from trustprop.ledger.model import (
    AttestedEntry,
    Balance,
    Books,
    ConsistencyProof,
    EntryKind,
    FundClaim,
    InclusionProof,
    JournalEntry,
    SealedPeriod,
    SubledgerBalance,
    TrialBalance,
)
from trustprop.ledger.rules import checkpoint as notes
from trustprop.ledger.store import balances as store
from trustprop.ledger.store import journal
from trustprop.plumbing.database import Tx


async def books(tx: Tx, compound_id: UUID) -> Books:
    """Raises BooksNotOpen."""
    found = await journal.find_books(tx, compound_id)
    if found is None:
        raise rules.BooksNotOpen
    return found


async def balances(
    tx: Tx, compound_id: UUID, *, on: date | None = None, tree_size: int | None = None
) -> tuple[Balance, ...]:
    """Every balance that is not zero: now, at the end of a day, or after so many entries.

    Raises TreeSizeInvalid.
    """
    if on is not None:
        return await store.balances_at(tx, compound_id, on)
    if tree_size is not None:
        await _check_size(tx, compound_id, tree_size)
        return await store.balances_at_size(tx, compound_id, tree_size)
    return await store.balances(tx, compound_id)


async def trial_balance(tx: Tx, compound_id: UUID, period: Period) -> TrialBalance:
    """Opening, debit, credit and closing of every account and fund over a month."""
    lines = await store.trial_balance(tx, compound_id, period)
    return TrialBalance(period=period, lines=lines)


async def fund_claims(tx: Tx, compound_id: UUID, account: str) -> tuple[FundClaim, ...]:
    """How much of an account belongs to which fund."""
    return await store.fund_claims(tx, compound_id, account)


async def net_assets(tx: Tx, compound_id: UUID, fund: str) -> int:
    """What a fund is worth in fen: net assets and the year's income less expense."""
    return await store.net_assets(tx, compound_id, fund)


async def subledger(tx: Tx, compound_id: UUID, account: str) -> tuple[SubledgerBalance, ...]:
    """Every counterparty's balance on an account that is not zero."""
    return await store.subledger(tx, compound_id, account)


async def entry(tx: Tx, compound_id: UUID, entry_id: UUID) -> JournalEntry:
    """Raises Missing."""
    found = await journal.find_entry(tx, compound_id, entry_id)
    if found is None:
        raise Missing(kind="entry")
    return found


async def entries_by_id(
    tx: Tx, compound_id: UUID, entry_ids: Collection[UUID]
) -> tuple[JournalEntry, ...]:
    """Those that exist, in journal order."""
    return await journal.entries_by_id(tx, compound_id, entry_ids)


async def entries(
    tx: Tx,
    compound_id: UUID,
    *,
    after: int = 0,
    as_of: int | None = None,
    in_period: Period | None = None,
    since_on: date | None = None,
    account: str | None = None,
    fund: str | None = None,
    kind: EntryKind | None = None,
    counterparty_id: UUID | None = None,
    budget_line_id: UUID | None = None,
    limit: int | None = None,
) -> tuple[JournalEntry, ...]:
    """Whole entries in journal order, after a number and up to a tree size."""
    return await journal.entries(
        tx,
        compound_id,
        after=after,
        as_of=as_of,
        in_period=in_period,
        since_on=since_on,
        account=account,
        fund=fund,
        kind=kind,
        counterparty_id=counterparty_id,
        budget_line_id=budget_line_id,
        limit=limit,
    )


async def attested_entries(
    tx: Tx, compound_id: UUID, *, first: int = 1, last: int
) -> tuple[AttestedEntry, ...]:
    """What may be published of these journal numbers so that their leaves can be computed again."""
    return await journal.attested(tx, compound_id, first=first, last=last)


async def memo_openings(
    tx: Tx, compound_id: UUID, entry_ids: Collection[UUID]
) -> dict[UUID, tuple[str, str]]:
    """Memo and opening (hex) of each entry: together they prove the memo commitment."""
    return await journal.openings(tx, compound_id, entry_ids)


async def sealed_periods(tx: Tx, compound_id: UUID) -> tuple[SealedPeriod, ...]:
    """In order of time."""
    return await journal.sealed_periods(tx, compound_id)


async def sealed_period(tx: Tx, compound_id: UUID, period: Period) -> SealedPeriod:
    """Raises PeriodNotSealed."""
    for sealed in await journal.sealed_periods(tx, compound_id):
        if sealed.period == period:
            return sealed
    raise rules.PeriodNotSealed(period=str(period))


async def root(tx: Tx, compound_id: UUID, tree_size: int | None = None) -> bytes:
    """The journal's RFC 6962 root, now or at a past size. Raises TreeSizeInvalid."""
    standing = await books(tx, compound_id)
    if tree_size is None or tree_size == standing.tree_size:
        return merkle.root_of_peaks(standing.frontier)
    return await _root_at(tx, compound_id, await _check_size(tx, compound_id, tree_size))


async def inclusion_proof(
    tx: Tx, compound_id: UUID, entry_id: UUID, tree_size: int | None = None
) -> InclusionProof:
    """Raises Missing, TreeSizeInvalid when the entry came after that size."""
    found = await entry(tx, compound_id, entry_id)
    size = await _check_size(tx, compound_id, tree_size, at_least=found.number)
    ranges = merkle.inclusion_ranges(found.number - 1, size)
    return InclusionProof(
        number=found.number,
        leaf_index=found.number - 1,
        tree_size=size,
        leaf_hash=found.leaf_hash,
        root=(await _root_at(tx, compound_id, size)).hex(),
        hashes=await _range_hashes(tx, compound_id, ranges),
    )


async def consistency_proof(
    tx: Tx, compound_id: UUID, first_size: int, second_size: int | None = None
) -> ConsistencyProof:
    """Raises TreeSizeInvalid."""
    second = await _check_size(tx, compound_id, second_size, at_least=1)
    first = await _check_size(tx, compound_id, first_size, at_least=1, at_most=second)
    ranges = merkle.consistency_ranges(first, second)
    return ConsistencyProof(
        first_size=first,
        second_size=second,
        first_root=(await _root_at(tx, compound_id, first)).hex(),
        second_root=(await _root_at(tx, compound_id, second)).hex(),
        hashes=await _range_hashes(tx, compound_id, ranges),
    )


async def checkpoint(
    tx: Tx, compound_id: UUID, key: Ed25519PrivateKey, tree_size: int | None = None
) -> str:
    """A signed note over the journal's size and root (C2SP tlog-checkpoint)."""
    size = await _check_size(tx, compound_id, tree_size)
    signed = notes.Checkpoint(
        origin=notes.origin(compound_id),
        tree_size=size,
        root=await root(tx, compound_id, size),
    )
    return notes.sign_checkpoint(signed, key)


async def _check_size(
    tx: Tx, compound_id: UUID, size: int | None, *, at_least: int = 0, at_most: int | None = None
) -> int:
    standing = await books(tx, compound_id)
    chosen = standing.tree_size if size is None else size
    most = standing.tree_size if at_most is None else at_most
    if not at_least <= chosen <= most:
        raise rules.TreeSizeInvalid(tree_size=standing.tree_size)
    return chosen


async def _root_at(tx: Tx, compound_id: UUID, size: int) -> bytes:
    if size == 0:
        return merkle.EMPTY_ROOT
    hashes = await journal.nodes(tx, compound_id, merkle.full_nodes(0, size))
    return merkle.range_hash(0, size, hashes)


async def _range_hashes(
    tx: Tx, compound_id: UUID, ranges: tuple[tuple[int, int], ...]
) -> tuple[str, ...]:
    """One read for all the nodes of a proof."""
    wanted = [node for start, end in ranges for node in merkle.full_nodes(start, end)]
    hashes = await journal.nodes(tx, compound_id, wanted)
    return tuple(merkle.range_hash(start, end, hashes).hex() for start, end in ranges)
