"""The database's own look at what stands behind money: acts that both parties signed, resolutions in force."""

from uuid import UUID

import asyncpg
import pytest
from msgspec.structs import replace

from tests.make.acts import make_act, make_signers, sign, signed_act
from tests.make.compounds import found_compound
from tests.make.ground import new_id
from tests.make.ledger import credit, debit, entry, fill_cash, open_books
from tests.make.meetings import add_resolution
from trustprop.acts.service import Effect
from trustprop.kernel.caller import Caller
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Entry, EntryKind
from trustprop.meetings import store as meetings_store
from trustprop.meetings.model import Matter, ResolutionState
from trustprop.plumbing.database import Database, Tx


@pytest.fixture
async def books(tx: Tx, caller: Caller) -> Tx:
    await found_compound(tx, caller)
    await open_books(tx, caller)
    await fill_cash(tx, caller, 100_000)
    return tx


def payment(amount_fen: int = 500) -> Entry:
    return entry(debit("5106", amount_fen), credit("100201", amount_fen), kind=EntryKind.PAYMENT)


def transfer(resolution_id: UUID) -> Entry:
    return entry(
        debit("3902", 40, "OP"),
        credit("100201", 40, "OP"),
        debit("100201", 40, "RS"),
        credit("3901", 40, "RS"),
        kind=EntryKind.TRANSFER,
        resolution_id=resolution_id,
    )


async def post_and_look(tx: Tx, caller: Caller, one: Entry) -> None:
    """What the commit would look at, looked at now."""
    await ledger.post(tx, caller, (one,))
    await tx.raw.execute("SET CONSTRAINTS ALL IMMEDIATE")


async def test_what_both_parties_signed_is_paid(books: Tx, caller: Caller) -> None:
    for kind in ("payment-order", "alarm-clearance"):
        one = payment()
        act_id = await signed_act(books, caller.compound_id, kind, one.entry_id, amount_fen=500)
        await post_and_look(books, caller, replace(one, act_id=act_id))
    assert {
        one.account: one.balance_fen for one in await ledger.balances(books, caller.compound_id)
    }["100201"] == 99_000


@pytest.mark.parametrize(
    ("kind", "amount_fen", "is_about_it"),
    [
        ("opening-balances", 500, True),
        ("period-close", 500, True),
        ("payment-order", 500, False),
        ("payment-order", 499, True),
        ("payment-order", 501, True),
        ("payment-order", None, True),
    ],
)
async def test_a_payment_that_is_not_what_was_signed_is_refused(
    books: Tx, caller: Caller, kind: str, amount_fen: int | None, is_about_it: bool
) -> None:
    one = payment()
    subject_id = one.entry_id if is_about_it else new_id()
    act_id = await signed_act(books, caller.compound_id, kind, subject_id, amount_fen=amount_fen)
    with pytest.raises(asyncpg.RestrictViolationError):
        await post_and_look(books, caller, replace(one, act_id=act_id))


async def test_an_act_that_nobody_signed_pays_nothing(books: Tx, caller: Caller) -> None:
    with pytest.raises(asyncpg.RestrictViolationError):
        await post_and_look(books, caller, payment())


async def test_the_signature_of_one_party_pays_nothing(books: Tx, caller: Caller) -> None:
    one = payment()
    signers = await make_signers(books, caller.compound_id)
    act = await make_act(books, caller, subject_id=one.entry_id, body={"amount_fen": 500})
    await sign(books, signers.manager, act, {"payment-order": Effect()})
    with pytest.raises(asyncpg.RestrictViolationError):
        await post_and_look(books, caller, replace(one, act_id=act.act_id))


async def test_an_act_of_another_compound_pays_nothing(
    database: Database, books: Tx, caller: Caller
) -> None:
    one = payment()
    stranger = replace(caller, compound_id=new_id())
    async with database.begin(stranger) as tx:
        act_id = await signed_act(
            tx, stranger.compound_id, "payment-order", one.entry_id, amount_fen=500
        )
    with pytest.raises(asyncpg.RestrictViolationError):
        await post_and_look(books, caller, replace(one, act_id=act_id))


async def test_the_commit_itself_refuses(database: Database, caller: Caller) -> None:
    async with database.begin(caller) as tx:
        await open_books(tx, caller)
        await fill_cash(tx, caller, 500)

    async def pay() -> None:
        async with database.begin(caller) as tx:
            await ledger.post(tx, caller, (payment(),))

    with pytest.raises(asyncpg.RestrictViolationError):
        await pay()
    async with database.read(caller) as tx:
        assert (await ledger.books(tx, caller.compound_id)).tree_size == 1


async def test_an_opening_rests_on_its_own_act(books: Tx, caller: Caller) -> None:
    one = entry(debit("100201", 7), credit("3101", 7), kind=EntryKind.OPENING)
    act_id = await signed_act(books, caller.compound_id, "opening-balances", one.entry_id)
    await post_and_look(books, caller, replace(one, act_id=act_id))
    other = entry(debit("100201", 7), credit("3101", 7), kind=EntryKind.OPENING, act_id=act_id)
    with pytest.raises(asyncpg.RestrictViolationError):
        await post_and_look(books, caller, other)


async def test_a_transfer_rests_on_a_resolution_in_force(books: Tx, caller: Caller) -> None:
    found = await add_resolution(books, caller, Matter.FUND_TRANSFER)
    await post_and_look(books, caller, transfer(found.resolution_id))
    await meetings_store.add_outcome(
        books, caller, found.resolution_id, ResolutionState.REVOKED, new_id()
    )
    with pytest.raises(asyncpg.RestrictViolationError):
        await post_and_look(books, caller, transfer(found.resolution_id))


@pytest.mark.parametrize("state", [ResolutionState.RECORDED, ResolutionState.REJECTED, None])
async def test_a_transfer_without_a_confirmed_resolution_is_refused(
    books: Tx, caller: Caller, state: ResolutionState | None
) -> None:
    resolution_id = new_id()
    if state is not None:
        found = await add_resolution(books, caller, Matter.FUND_TRANSFER, state=state)
        resolution_id = found.resolution_id
    with pytest.raises(asyncpg.RestrictViolationError):
        await post_and_look(books, caller, transfer(resolution_id))
