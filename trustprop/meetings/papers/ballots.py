"""What is filled in: ballots, written proxies, the register of deliveries."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from trustprop.meetings.model.motions import Motion
from trustprop.meetings.model.papers import (
    BallotSheet,
    BallotToPrint,
    DeliveryLine,
    DeliveryRegister,
    PaperHome,
    PaperVoter,
    ProxyForm,
)
from trustprop.meetings.papers.facts import MeetingFacts, head, item, items
from trustprop.votes.model.counting import Voter, VoterHome
from trustprop.votes.model.holding import Delivery, RollLine


def paper_voter(voter: Voter, names: Mapping[UUID, str]) -> PaperVoter:
    """With the owners' full names: a ballot is for them alone."""
    return PaperVoter(
        serial=voter.serial,
        names=tuple(names[owner_id] for owner_id in voter.owner_ids),
        homes=tuple(PaperHome(label=label(home), area_dm2=home.area_dm2) for home in voter.homes),
        area_dm2=sum(home.area_dm2 for home in voter.homes),
    )


def label(home: VoterHome) -> str:
    """``7-2-1203`` as on the door."""
    return "-".join(part for part in (home.building, home.stair, home.number) if part)


def ballot_sheet(facts: MeetingFacts) -> BallotSheet:
    """What stands on every ballot of the meeting."""
    meeting = facts.meeting
    assert meeting.opens_at
    assert meeting.closes_at
    asked = items(facts)
    return BallotSheet(
        head=head(facts),
        opens_at=meeting.opens_at,
        closes_at=meeting.closes_at,
        place=meeting.place,
        items=tuple(one for one in asked if not one.is_secret),
        secret_items=tuple(one for one in asked if one.is_secret),
        silent_majority=facts.silent_majority,
    )


def ballot_to_print(
    facts: MeetingFacts, voter: Voter, names: Mapping[UUID, str], code: str
) -> BallotToPrint:
    """With the items that this voter is asked: those in whose scope a home of theirs lies."""
    return BallotToPrint(
        voter=paper_voter(voter, names),
        code=code,
        items=tuple(
            item(facts, motion).position
            for motion in facts.motions
            if _is_asked(motion, voter.homes)
        ),
    )


def _is_asked(motion: Motion, homes: Iterable[VoterHome]) -> bool:
    scope = motion.content.scope
    return any(
        scope.building in ("", home.building) and scope.stair in ("", home.stair) for home in homes
    )


def proxy_form(facts: MeetingFacts, voter: PaperVoter | None) -> ProxyForm:
    """授权委托书: for one voter, or to be filled in by anybody."""
    assert facts.meeting.closes_at
    return ProxyForm(
        head=head(facts),
        voter=voter,
        items=items(facts),
        closes_at=facts.meeting.closes_at,
        proxies_per_holder=facts.policy.proxies_per_holder,
    )


def delivery_register(
    facts: MeetingFacts, lines: Sequence[RollLine], delivered: Mapping[int, Delivery]
) -> DeliveryRegister:
    """送达登记表: the deliveries by serial, and room to sign for the others."""
    rows = []
    for line in lines:
        delivery = delivered.get(line.serial)
        rows.append(
            DeliveryLine(
                serial=line.serial,
                owners=line.owners,
                homes=line.homes,
                method=delivery.method if delivery else None,
                delivered_at=delivery.delivered_at if delivery else None,
                has_warning=delivery is not None and delivery.has_warning,
            )
        )
    return DeliveryRegister(
        head=head(facts),
        lines=tuple(rows),
        delivered=sum(row.method is not None for row in rows),
        needs_warning=facts.silent_majority is not None,
    )
