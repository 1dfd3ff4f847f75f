"""Who may vote for whom, and what a ballot may answer: owners, appointed co-owners, proxies."""

import base64
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from trustprop.compounds.model import Resident
from trustprop.kernel.errors import (
    N_,
    Conflict,
    FieldError,
    FieldsInvalid,
    Forbidden,
    Invalid,
)
from trustprop.kernel.periods import utc
from trustprop.votes.model.counting import BallotAnswer, Channel, Question, Voter
from trustprop.votes.model.holding import (
    BallotContent,
    BoxedBallot,
    CastBallot,
    Deliver,
    Proxy,
)
from trustprop.votes.rules.counting import items_of, weight_in

# Who votes


class NoOwnerHere(Forbidden):
    code = "no-owner-here"
    detail = N_("Only a registered owner votes, and you are not enrolled as one here.")


class OccupantHasNoVote(Forbidden):
    code = "occupant-has-no-vote"
    detail = N_("Occupants read what is published; the owner of the home votes.")


class SoldBeforeRecordDate(Forbidden):
    code = "sold-before-record-date"
    detail = N_("You no longer owned a home here on {record_on}, the record date of this vote.")
    record_on: date


class BoughtAfterRecordDate(Forbidden):
    code = "bought-after-record-date"
    detail = N_("Your home was still another's on {record_on}, the record date of this vote.")
    record_on: date


class HomeNotOnRoll(Forbidden):
    code = "home-not-on-roll"
    detail = N_(
        "Your home does not count in this vote: it was not delivered on {record_on}, or it is a "
        "parking space and the policy leaves those out."
    )
    record_on: date


class VoterNotNamed(Invalid):
    code = "voter-not-named"
    detail = N_("You stand on this roll {times} times; say for which voter this ballot is.")
    times: int


class AnotherAppointed(Forbidden):
    code = "another-appointed"
    detail = N_("The co-owners of this home have appointed another of them to vote.")


class AlreadyVoted(Conflict):
    code = "already-voted"
    detail = N_("The first valid ballot stands: one was recorded on {cast_at} ({channel}).")
    cast_at: str
    channel: Channel
    voter_id: UUID


class BallotDiffers(Conflict):
    code = "ballot-differs"
    detail = N_("This id already stands for another ballot.")


def refuse_owner(
    residencies: Sequence[Resident],
    roll: Iterable[Voter],
    *,
    owns_today: bool,
    record_on: date,
) -> Forbidden:
    """Why somebody without a place on the frozen roll has none."""
    owned = {one.home_id for one in residencies if one.owner_id is not None}
    if owns_today:
        is_anothers = any(
            home.home_id in owned
            for voter in roll
            for home in voter.homes
            if not voter.is_developer
        )
        refusal = BoughtAfterRecordDate if is_anothers else HomeNotOnRoll
        return refusal(record_on=record_on)
    if owned:
        return SoldBeforeRecordDate(record_on=record_on)
    return OccupantHasNoVote() if residencies else NoOwnerHere()


def choose_voter(voters: Sequence[Voter], named: UUID | None) -> Voter | None:
    """The one that a ballot is for; None when none of them is named. Raises VoterNotNamed."""
    if named is not None:
        return next((voter for voter in voters if voter.voter_id == named), None)
    if len(voters) > 1:
        raise VoterNotNamed(times=len(voters))
    return voters[0] if voters else None


def owner_of(voter: Voter, owner_ids: Collection[UUID]) -> UUID:
    """The owner for whom a person speaks; who speaks for several speaks by the first."""
    return min(owner for owner in voter.owner_ids if owner in owner_ids)


def check_appointed(appointed: UUID | None, owner_ids: Collection[UUID]) -> None:
    """Raises AnotherAppointed."""
    if appointed is not None and appointed not in owner_ids:
        raise AnotherAppointed


def check_first(
    owner_id: UUID | None, ballots: Iterable[BoxedBallot], out: Collection[UUID]
) -> None:
    """The first valid ballot of an owner stands; one of all co-owners is one of each.

    ``out`` are ballots struck or found invalid. Raises AlreadyVoted.
    """
    for ballot in ballots:
        if ballot.flaw is not None or ballot.ballot_id in out:
            continue
        if owner_id is None or ballot.owner_id in (None, owner_id):
            raise AlreadyVoted(
                cast_at=utc(ballot.cast_at), channel=ballot.channel, voter_id=ballot.voter_id
            )


def check_same_ballot(
    known: BoxedBallot, content: BallotContent, command: CastBallot, person_id: UUID
) -> None:
    """A retry sends the same. What is sealed cannot be compared, so there only the key of the first
    request repeats it. Raises BallotDiffers.
    """
    is_same = (
        known.recorded_by == person_id
        and not known.is_sealed
        and content.answers == command.answers
        and content.proxy_id == command.proxy_id
        and base64.b64decode(content.secret) == command.secret
        and command.voter_id in (None, content.voter_id)
    )
    if not is_same:
        raise BallotDiffers


def check_answers(
    questions: Sequence[Question], voter: Voter, answers: Sequence[BallotAnswer]
) -> None:
    """Every cross answers what this voter is asked, once. Raises FieldsInvalid."""
    asked = {
        item
        for question in questions
        if weight_in(voter, question).heads
        for item in items_of(question)
    }
    errors: list[FieldError] = []
    seen: set[tuple[UUID, UUID | None]] = set()
    for place, answer in enumerate(answers):
        item = (answer.question_id, answer.candidate_id)
        if item not in asked:
            message = N_("This voter is not asked that.")
            errors.append(_wrong(f"/answers/{place}", "not-asked", message))
        elif item in seen:
            message = N_("This is answered twice.")
            errors.append(_wrong(f"/answers/{place}", "twice", message))
        seen.add(item)
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


# Deliveries, appointments and proxies


class NoCoOwners(Conflict):
    code = "no-co-owners"
    detail = N_("Only co-owners appoint one of them to vote, and this owner is none of them.")


class ProxyHolderIsStaff(Conflict):
    code = "proxy-holder-is-staff"
    detail = N_("Staff of the property firm hold no proxies; this one is void.")


class ProxiesOverCap(Conflict):
    code = "proxies-over-cap"
    detail = N_("One person holds at most {cap} proxies in this vote; this one is void.")
    cap: int


class ProxyNotYours(Forbidden):
    code = "proxy-not-yours"
    detail = N_("This proxy names another holder, or another voter.")


class ProxyDiffers(Conflict):
    code = "proxy-differs"
    detail = N_("This id already stands for another proxy.")


class ProxyEnded(Conflict):
    code = "proxy-ended"
    detail = N_("This proxy was ended.")


def check_deliveries(deliveries: Sequence[Deliver], voters: Collection[UUID], at: datetime) -> None:
    """Raises FieldsInvalid."""
    errors: list[FieldError] = []
    for place, delivery in enumerate(deliveries):
        if delivery.voter_id not in voters:
            message = N_("There is no such voter on the roll.")
            errors.append(_wrong(f"/deliveries/{place}/voter_id", "unknown", message))
        if delivery.delivered_at > at:
            message = N_("A delivery lies in the past.")
            errors.append(_wrong(f"/deliveries/{place}/delivered_at", "future", message))
    if errors:
        raise FieldsInvalid(errors=tuple(errors))


def check_appointment(voter: Voter, owner_id: UUID) -> None:
    """Raises NoCoOwners."""
    if len(voter.owner_ids) < 2 or owner_id not in voter.owner_ids:
        raise NoCoOwners


def check_holder(
    proxy: Proxy,
    others: Iterable[Proxy],
    cap: int,
    *,
    is_staff_of_firm: bool,
    used: Collection[UUID] = (),
) -> None:
    """One that was used counts, also when it was ended since. Raises ProxyHolderIsStaff or ProxiesOverCap."""
    if is_staff_of_firm:
        raise ProxyHolderIsStaff
    held = [
        one
        for one in others
        if (one.ended_at is None or one.proxy_id in used)
        and (
            one.holder_commitment == proxy.holder_commitment
            or (
                proxy.holder_person_id is not None
                and one.holder_person_id == proxy.holder_person_id
            )
        )
    ]
    if len(held) >= cap:
        raise ProxiesOverCap(cap=cap)


def check_same_proxy(known: Proxy, proxy: Proxy) -> None:
    """Raises ProxyDiffers."""
    there = (known.voter_id, known.holder_commitment, known.holder_name, known.evidence)
    if there != (proxy.voter_id, proxy.holder_commitment, proxy.holder_name, proxy.evidence):
        raise ProxyDiffers


def check_proxy(proxy: Proxy, voter_id: UUID) -> None:
    """Raises ProxyNotYours or ProxyEnded."""
    if proxy.voter_id != voter_id:
        raise ProxyNotYours
    if proxy.ended_at is not None:
        raise ProxyEnded


def _wrong(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
