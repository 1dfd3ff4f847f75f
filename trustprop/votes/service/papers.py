"""Ballots on paper, and what goes with them: deliveries, appointments of co-owners, written proxies."""

import secrets
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trustprop.compounds import rules as compound_rules
from trustprop.evidence import service as evidence
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes.model.counting import Channel, Voter
from trustprop.votes.model.holding import (
    AppointVoter,
    BallotContent,
    BoxedBallot,
    DeliveriesRecorded,
    DeliverMany,
    Delivery,
    EndProxy,
    EnterPaper,
    GiveProxy,
    NoticeKind,
    PaperEntry,
    PaperOutcome,
    PaperStanding,
    PaperState,
    Proxy,
    ProxyView,
    Vote,
    VoterAppointment,
    VoteState,
)
from trustprop.votes.rules import boxes, franchise, holding, papers
from trustprop.votes.service.casting import (
    check_first,
    check_holder_person,
    person,
    put,
    voter_by_id,
)
from trustprop.votes.service.polls import SECRET_BYTES, Draw, find_vote, keys_of, lock_vote
from trustprop.votes.store import box, polls
from trustprop.votes.store import papers as store

# Deliveries


async def deliver(
    tx: Tx, caller: Caller, vote_id: UUID, command: DeliverMany
) -> DeliveriesRecorded:
    """Records to whom ballots were delivered, with the proof. An id that is there already stays.

    Raises OfficeNeeded, Missing, VoteNotInState, FilesMissing or FieldsInvalid.
    """
    caller.check_office(*holding.READERS)
    vote = await lock_vote(tx, caller.compound_id, vote_id)
    holding.check_state(vote, VoteState.PREPARED, VoteState.OPEN)
    on_roll = {one.voter_id for one in await polls.voters(tx, caller.compound_id, vote_id)}
    franchise.check_deliveries(command.deliveries, on_roll, caller.at)
    proofs = {digest for one in command.deliveries for digest in one.evidence}
    await evidence.check_exist(tx, caller.compound_id, proofs)
    added = tuple(
        Delivery(
            delivery_id=one.id,
            voter_id=one.voter_id,
            method=one.method,
            delivered_at=one.delivered_at,
            recorded_by=person(caller),
            evidence=one.evidence,
            has_warning=one.has_warning,
        )
        for one in command.deliveries
    )
    await store.add_deliveries(tx, caller.compound_id, vote_id, added, caller.at)
    return DeliveriesRecorded(recorded=len(added))


async def deliveries(
    tx: Tx, caller: Caller, vote_id: UUID, *, after: UUID | None = None, limit: int | None = None
) -> tuple[Delivery, ...]:
    """The delivery register, in the order of ids. Raises OfficeNeeded or Missing."""
    caller.check_office(*holding.READERS)
    await find_vote(tx, caller.compound_id, vote_id)
    return await store.deliveries(tx, caller.compound_id, vote_id, after=after, limit=limit)


# Co-owners and proxies


async def appoint_voter(
    tx: Tx, caller: Caller, vote_id: UUID, command: AppointVoter
) -> VoterAppointment:
    """Co-owners name one of them, in writing; the latest appointment counts. Until the count.

    Raises OfficeNeeded, Missing, VoteNotInState, NoCoOwners or FilesMissing.
    """
    caller.check_office(*holding.READERS)
    vote = await lock_vote(tx, caller.compound_id, vote_id)
    holding.check_state(vote, VoteState.PREPARED, VoteState.OPEN, VoteState.CLOSED)
    voter = await voter_by_id(tx, caller.compound_id, vote_id, command.voter_id)
    franchise.check_appointment(voter, command.owner_id)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    appointment = VoterAppointment(
        appointment_id=command.id,
        voter_id=command.voter_id,
        owner_id=command.owner_id,
        evidence=command.evidence,
        recorded_by=person(caller),
        at=caller.at,
    )
    if await store.add_appointment(tx, caller.compound_id, vote_id, appointment):
        await _tell(tx, caller, vote_id, command.voter_id, NoticeKind.VOTER_APPOINTED)
    return appointment


async def give_proxy(
    tx: Tx, caller: Caller, vote_id: UUID, command: GiveProxy, vault: Vault
) -> ProxyView:
    """Records a written proxy; one over the cap, or held by staff of the firm, is void and refused.

    Raises OfficeNeeded, Missing, VoteNotInState, ProxyHolderIsStaff, ProxiesOverCap, FilesMissing.
    """
    caller.check_office(*holding.READERS)
    compound_id = caller.compound_id
    vote = await lock_vote(tx, compound_id, vote_id)
    holding.check_state(vote, VoteState.PREPARED, VoteState.OPEN)
    await voter_by_id(tx, compound_id, vote_id, command.voter_id)
    await check_holder_person(tx, caller, command.holder_person_id)
    keys = keys_of(vault, compound_id, vote_id)
    proxy = Proxy(
        proxy_id=command.id,
        voter_id=command.voter_id,
        holder_name=command.holder_name,
        holder_commitment=boxes.holder_commitment(keys, command.holder_identity_number),
        holder_person_id=command.holder_person_id,
        evidence=command.evidence,
        recorded_by=person(caller),
        given_at=caller.at,
    )
    others = await store.proxies(tx, compound_id, vote_id)
    known = next((one for one in others if one.proxy_id == command.id), None)
    if known is not None:
        franchise.check_same_proxy(known, proxy)
        return proxy_view(known)
    boxed = await box.ballots(tx, compound_id, vote_id)
    franchise.check_holder(
        proxy,
        others,
        vote.policy.proxies_per_holder,
        is_staff_of_firm=command.is_staff_of_firm,
        used={one.proxy_id for one in boxed if one.proxy_id is not None},
    )
    await evidence.check_exist(tx, compound_id, command.evidence)
    if not await store.add_proxy(tx, compound_id, vote_id, proxy):
        raise franchise.ProxyDiffers
    await _tell(tx, caller, vote_id, command.voter_id, NoticeKind.PROXY_RECORDED, command.id)
    return proxy_view(proxy)


async def end_proxy(
    tx: Tx, caller: Caller, vote_id: UUID, proxy_id: UUID, command: EndProxy
) -> ProxyView:
    """Withdrawn by its owner; a ballot that was cast under it stays. Raises OfficeNeeded, Missing."""
    caller.check_office(*holding.READERS)
    vote = await lock_vote(tx, caller.compound_id, vote_id)
    holding.check_state(vote, VoteState.PREPARED, VoteState.OPEN)
    proxy = await _proxy(tx, caller, vote_id, proxy_id)
    if proxy.ended_at is None:
        await store.end_proxy(
            tx, caller.compound_id, proxy_id, person(caller), caller.at, command.reason
        )
        await _tell(tx, caller, vote_id, proxy.voter_id, NoticeKind.PROXY_ENDED, proxy_id)
    return proxy_view(await _proxy(tx, caller, vote_id, proxy_id))


async def proxies(tx: Tx, caller: Caller, vote_id: UUID) -> tuple[ProxyView, ...]:
    """Every written proxy, its holder masked. Raises OfficeNeeded or Missing."""
    caller.check_office(*holding.READERS)
    await find_vote(tx, caller.compound_id, vote_id)
    found = await store.proxies(tx, caller.compound_id, vote_id)
    return tuple(proxy_view(one) for one in found)


async def _proxy(tx: Tx, caller: Caller, vote_id: UUID, proxy_id: UUID) -> Proxy:
    found = await store.proxies(tx, caller.compound_id, vote_id, proxy_id=proxy_id)
    if not found:
        raise Missing(kind="proxy")
    return found[0]


def proxy_view(proxy: Proxy) -> ProxyView:
    return ProxyView(
        proxy_id=proxy.proxy_id,
        voter_id=proxy.voter_id,
        holder_name=compound_rules.mask(proxy.holder_name),
        given_at=proxy.given_at,
        ended_at=proxy.ended_at,
    )


async def _tell(
    tx: Tx,
    caller: Caller,
    vote_id: UUID,
    voter_id: UUID,
    kind: NoticeKind,
    proxy_id: UUID | None = None,
) -> None:
    facts = {} if proxy_id is None else {"proxy_id": proxy_id}
    await box.add_notice(tx, caller.compound_id, vote_id, voter_id, kind, facts, caller.at)


# Papers


async def enter_paper(
    tx: Tx,
    caller: Caller,
    vote_id: UUID,
    command: EnterPaper,
    vault: Vault,
    log_key: Ed25519PrivateKey,
    *,
    draw: Draw = secrets.token_bytes,
) -> PaperOutcome:
    """What one person reads on a paper. When two have read the same, the ballot is in the box.

    Nobody learns what another has read. Raises OfficeNeeded, Missing, VoteIsOver, BallotCodeUnknown,
    FieldsInvalid, FilesMissing, AlreadyVoted, AlreadyRead, ProxyNotYours or VoteKeyLost.
    """
    caller.check_office(*holding.READERS)
    compound_id = caller.compound_id
    vote = await lock_vote(tx, compound_id, vote_id)
    holding.check_takes_ballots(vote, caller.at)
    voter = await _voter_of_paper(tx, compound_id, vote_id, command.code)
    papers.check_paper(vote.questions, voter, command)
    if command.proxy_id is not None:
        proxy = await _proxy(tx, caller, vote_id, command.proxy_id)
        franchise.check_proxy(proxy, voter.voter_id)
        await check_holder_person(tx, caller, proxy.holder_person_id)
    await evidence.check_exist(tx, compound_id, {command.scan})
    reading = boxes.reading_of(keys_of(vault, compound_id, vote_id), vote.questions, command)
    before = await box.entries(tx, compound_id, vote_id, voter.voter_id)
    boxed = await box.ballots(tx, compound_id, vote_id, voter.voter_id)
    known = next((one for one in before if one.entry_id == command.id), None)
    if known is not None:
        papers.check_same_entry(known, reading, person(caller))
        return _outcome(caller, vote, voter, known.round, before, boxed, log_key)
    owner_id = papers.signer(voter, command)
    await check_first(tx, compound_id, vote_id, voter, owner_id)
    entry = PaperEntry(
        entry_id=command.id,
        voter_id=voter.voter_id,
        round=papers.current_round(before, boxed),
        entered_by=person(caller),
        reading=reading,
        scan=command.scan,
        at=caller.at,
    )
    entries = papers.with_entry(before, entry)
    if not await box.add_entry(tx, compound_id, vote_id, entry):
        raise papers.EntryDiffers
    same = papers.agreeing(entries, entry)
    if len(same) >= papers.READERS_WANTED:
        content = _content(caller, vote, voter, owner_id, command, same[0].entry_id)
        scans = tuple(sorted({one.scan for one in same}))
        made = await put(
            tx,
            vote,
            content,
            person(caller),
            draw(SECRET_BYTES),
            draw,
            paper_round=entry.round,
            evidence=scans,
        )
        boxed = (*boxed, made)
    return _outcome(caller, vote, voter, entry.round, entries, boxed, log_key)


async def _voter_of_paper(tx: Tx, compound_id: UUID, vote_id: UUID, code: str) -> Voter:
    """Raises BallotCodeUnknown."""
    voter_id = await polls.voter_of_paper(tx, compound_id, vote_id, code)
    if voter_id is None:
        raise papers.BallotCodeUnknown
    return await voter_by_id(tx, compound_id, vote_id, voter_id)


def _content(
    caller: Caller,
    vote: Vote,
    voter: Voter,
    owner_id: UUID | None,
    command: EnterPaper,
    first_entry: UUID,
) -> BallotContent:
    """The ballot that two readers agree on; its id follows from the first reading."""
    return BallotContent(
        type=boxes.BALLOT,
        compound_id=caller.compound_id,
        vote_id=vote.vote_id,
        ballot_id=uuid5(first_entry, "ballot"),
        voter_id=voter.voter_id,
        owner_id=owner_id,
        channel=Channel.PAPER if command.proxy_id is None else Channel.PROXY,
        proxy_id=command.proxy_id,
        cast_at=caller.at,
        flaw=command.flaw,
        answers=command.answers,
        secret="",
        sealed="",
    )


def _outcome(
    caller: Caller,
    vote: Vote,
    voter: Voter,
    number: int,
    entries: tuple[PaperEntry, ...],
    boxed: tuple[BoxedBallot, ...],
    log_key: Ed25519PrivateKey,
) -> PaperOutcome:
    made = next((one for one in boxed if one.paper_round == number), None)
    if made is None:
        of_round = [entry for entry in entries if entry.round == number]
        state, receipt = papers.paper_state(of_round), None
    else:
        state = PaperState.SETTLED
        receipt = boxes.receipt(caller.compound_id, vote.vote_id, made, log_key)
    return PaperOutcome(voter_id=voter.voter_id, serial=voter.serial, state=state, receipt=receipt)


async def paper_standings(
    tx: Tx, caller: Caller, vote_id: UUID, state: PaperState | None = None
) -> tuple[PaperStanding, ...]:
    """How far the reading of the papers is; never what was read. Raises OfficeNeeded or Missing."""
    caller.check_office(*holding.READERS)
    await find_vote(tx, caller.compound_id, vote_id)
    found = papers.paper_standings(
        await polls.voters(tx, caller.compound_id, vote_id),
        await box.entries(tx, caller.compound_id, vote_id),
        await box.ballots(tx, caller.compound_id, vote_id),
    )
    return tuple(one for one in found if state in (None, one.state))
