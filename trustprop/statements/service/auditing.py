"""What the database keeps of a published month, loaded to be held against the publication."""

from uuid import UUID

import msgspec

from trustprop.disbursements.model import Payee, PayeeKind
from trustprop.ledger import service as ledger
from trustprop.meetings import service as meetings
from trustprop.plumbing.database import Tx
from trustprop.statements import rules, store
from trustprop.statements.model import Edition, Journal, Statement
from trustprop.statements.service.facts import signed_acts
from trustprop.statements.verify import Finding, Kept, KeptEntry, compare


async def audit(tx: Tx, published: Edition) -> tuple[Finding, ...]:
    """Holds the database against a published statement that has been verified by itself."""
    statement = msgspec.json.decode(published.statement, type=Statement)
    journal = msgspec.json.decode(published.journal, type=Journal)
    return compare(published, await _kept(tx, statement, journal))


async def _kept(tx: Tx, statement: Statement, journal: Journal) -> Kept:
    compound_id, size = journal.compound_id, journal.tree_size
    act_ids = await store.signed_act_ids(tx, compound_id)
    acts = await signed_acts(tx, compound_id, dict.fromkeys(act_ids))
    return Kept(
        edition=await _edition(tx, compound_id, statement.number),
        entries=await _entries(tx, compound_id, size),
        latecomer=await store.first_latecomer(tx, compound_id, journal.period, size),
        nodes=await store.tree_nodes(tx, compound_id, size),
        sealed_root=await store.sealed_root(tx, compound_id, journal.period),
        balances=await store.sealed_balances(tx, compound_id, journal.period),
        acts={act.act_id: act for act in acts},
        payees=await _payees(tx, compound_id),
        resolutions=await meetings.resolutions(tx, compound_id),
    )


async def _edition(tx: Tx, compound_id: UUID, number: str) -> Edition | None:
    parsed = rules.parse_number(number)
    found = await store.documents(tx, compound_id, *parsed) if parsed else None
    return found and Edition(statement=found[0], journal=found[1], note=found[2])


async def _entries(tx: Tx, compound_id: UUID, size: int) -> tuple[KeptEntry, ...]:
    leaves = await store.numbered_leaves(tx, compound_id, size)
    attested = await ledger.attested_entries(tx, compound_id, last=size)
    return tuple(
        KeptEntry(number=number, leaf_hash=leaf_hash, attested=entry)
        for (number, leaf_hash), entry in zip(leaves, attested, strict=True)
    )


async def _payees(tx: Tx, compound_id: UUID) -> dict[UUID, Payee]:
    return {
        row.act_id: Payee(
            kind=PayeeKind(row.kind),
            name=row.name,
            bank=row.bank,
            number=row.account_number,
            salt=row.salt,
        )
        for row in await store.payees(tx, compound_id)
    }
