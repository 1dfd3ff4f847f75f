"""Pure rules of a vote under way: window, franchise, papers, proxies, objections, witnesses."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.make import compounds as make_compounds
from tests.make import votes as make
from tests.make.ground import new_id
from trustprop.compounds import rules as compound_rules
from trustprop.compounds.model import Resident, ResidentKind
from trustprop.kernel.errors import Refusal
from trustprop.votes.model.counting import Channel, Voter, VoterHome
from trustprop.votes.model.holding import (
    BallotEvent,
    BoxedBallot,
    EventKind,
    Flaw,
    PaperEntry,
    PaperState,
    Vote,
    VoteState,
    Witness,
    WitnessRole,
)
from trustprop.votes.rules import franchise, holding, objections, papers, witnesses

COMPOUND = new_id()
MOMENT = timedelta(microseconds=1)
DAY = timedelta(days=1)


def voter(*owner_ids: UUID, serial: int = 1, homes: int = 1) -> Voter:
    return Voter(
        voter_id=new_id(),
        serial=serial,
        owner_ids=owner_ids or (new_id(),),
        homes=tuple(
            VoterHome(home_id=new_id(), building="7", stair="", number=f"{n}", area_dm2=8950)
            for n in range(homes)
        ),
    )


def vote(state: VoteState = VoteState.OPEN, **changes: Any) -> Vote:
    prepared = holding.prepare(COMPOUND, make.prepare_command(), (voter(),), bytes(32))
    window = {"opens_at": make.OPENS, "closes_at": make.CLOSES}
    return replace(prepared, state=state, **(window | changes))


def ballot(owner_id: UUID | None = None, **changes: Any) -> BoxedBallot:
    values: dict[str, Any] = {
        "sequence": 1,
        "ballot_id": new_id(),
        "voter_id": new_id(),
        "owner_id": owner_id,
        "channel": Channel.ONLINE,
        "proxy_id": None,
        "cast_at": make.VOTING,
        "recorded_by": new_id(),
        "flaw": None,
        "content": b"",
        "is_sealed": False,
        "digest": b"",
        "chain": b"",
        "paper_round": None,
        "evidence": (),
    }
    return BoxedBallot(**(values | changes))


def code_of(call: Any, *arguments: Any, **named: Any) -> str:
    """Done, or the code of the refusal."""
    try:
        call(*arguments, **named)
    except Refusal as refusal:
        return refusal.code
    return "done"


# States and window


@pytest.mark.parametrize(
    ("state", "at", "outcome"),
    [
        (VoteState.PREPARED, make.VOTING, "vote-not-in-state"),
        (VoteState.OPEN, make.OPENS - MOMENT, "vote-not-open-yet"),
        (VoteState.OPEN, make.OPENS, "done"),
        (VoteState.OPEN, make.CLOSES - MOMENT, "done"),
        (VoteState.OPEN, make.CLOSES, "vote-is-over"),
        (VoteState.CLOSED, make.VOTING, "vote-is-over"),
        (VoteState.COUNTED, make.VOTING, "vote-not-in-state"),
        (VoteState.ABANDONED, make.VOTING, "vote-not-in-state"),
    ],
)
def test_ballots_are_taken_in_the_window_of_an_open_vote(state: VoteState, at: Any, outcome: str):
    assert code_of(holding.check_takes_ballots, vote(state), at) == outcome


@pytest.mark.parametrize(
    ("opens_at", "closes_at", "at", "outcome"),
    [
        (make.OPENS, make.CLOSES, make.LISTED, "done"),
        (make.OPENS, make.OPENS, make.LISTED, "vote-window-wrong"),
        (make.CLOSES, make.OPENS, make.LISTED, "vote-window-wrong"),
        (make.OPENS, make.CLOSES, make.CLOSES, "vote-window-wrong"),
        (make.OPENS, make.CLOSES, make.OPENS + DAY, "done"),
    ],
)
def test_a_window_opens_closes_and_is_not_over(
    opens_at: Any, closes_at: Any, at: Any, outcome: str
):
    at = at if at is not make.LISTED else make.OPENS - DAY
    assert code_of(holding.check_window, opens_at, closes_at, at) == outcome


@pytest.mark.parametrize(
    ("closes_at", "at", "outcome"),
    [
        (make.CLOSES + DAY, make.VOTING, "done"),
        (make.CLOSES, make.VOTING, "vote-window-wrong"),
        (make.CLOSES - DAY, make.VOTING, "vote-window-wrong"),
        (make.CLOSES + DAY, make.CLOSES - MOMENT, "done"),
        (make.CLOSES + DAY, make.CLOSES, "vote-is-over"),
    ],
)
def test_an_extension_is_later_and_in_time(closes_at: Any, at: Any, outcome: str):
    assert code_of(holding.check_extension, vote(), closes_at, at) == outcome


@pytest.mark.parametrize(
    ("at", "outcome"), [(make.CLOSES - MOMENT, "vote-still-runs"), (make.CLOSES, "done")]
)
def test_a_vote_is_closed_from_its_last_instant_on(at: Any, outcome: str):
    assert code_of(holding.check_closing, vote(), at) == outcome


# The roll


@given(
    st.lists(
        st.tuples(st.sets(st.integers(0, 5), min_size=1, max_size=3), st.integers(1, 50_000)),
        min_size=1,
        max_size=30,
    )
)
def test_areas_are_kept_and_the_same_owners_are_one_voter(held: list[tuple[set[int], int]]):
    owners = [new_id() for _ in range(6)]
    homes = [
        make_compounds.home(*(owners[i] for i in who), area_dm2=area_dm2, number=f"{place:03d}")
        for place, (who, area_dm2) in enumerate(held)
    ]
    heads = compound_rules.heads(homes, frozenset(), make.RECORD_ON)
    voters = holding.draw_roll(COMPOUND, heads)
    assert holding.total(voters).area_dm2 == sum(area_dm2 for _, area_dm2 in held)
    assert len(voters) == len({frozenset(who) for who, _ in held})
    assert [one.serial for one in voters] == list(range(1, len(voters) + 1))
    assert len({one.voter_id for one in voters}) == len(voters)
    again = holding.draw_roll(COMPOUND, heads)
    assert again == voters


def test_a_roll_digest_changes_with_every_fact_of_it():
    voters = (voter(serial=1), voter(serial=2))
    digests = {
        holding.roll_digest(COMPOUND, make.RECORD_ON, changed)
        for changed in (
            voters,
            voters[:1],
            (replace(voters[0], owner_ids=(new_id(),)), voters[1]),
            (replace(voters[0], is_developer=True), voters[1]),
            (replace(voters[0], homes=()), voters[1]),
        )
    }
    assert len(digests) == 5
    assert holding.roll_digest(COMPOUND, make.RECORD_ON, voters[::-1]) in digests
    assert holding.roll_digest(COMPOUND, make.LISTED, voters) not in digests


# Who votes


def tie(owner_id: UUID | None, home_id: UUID | None = None) -> Resident:
    return Resident(
        person_id=new_id(),
        home_id=home_id or new_id(),
        kind=ResidentKind.OCCUPANT if owner_id is None else ResidentKind.OWNER,
        since_on=make.LISTED,
        owner_id=owner_id,
    )


def test_every_reason_to_have_no_vote():
    sold, undelivered = voter(), replace(voter(), is_developer=True)
    roll = (sold, undelivered)
    of_another = tie(new_id(), sold.homes[0].home_id)
    of_developer = tie(new_id(), undelivered.homes[0].home_id)
    parking = tie(new_id())
    cases = [
        ([], False, "no-owner-here"),
        ([tie(None)], False, "occupant-has-no-vote"),
        ([of_another], False, "sold-before-record-date"),
        ([of_another, tie(None)], True, "bought-after-record-date"),
        ([of_developer], True, "home-not-on-roll"),
        ([parking], True, "home-not-on-roll"),
    ]
    for residencies, owns_today, code in cases:
        refusal = franchise.refuse_owner(
            residencies, roll, owns_today=owns_today, record_on=date(2025, 9, 1)
        )
        assert refusal.code == code


def test_whoever_stands_on_the_roll_twice_says_for_whom():
    one, two = voter(), voter()
    assert franchise.choose_voter((one,), None) is one
    assert franchise.choose_voter((one, two), two.voter_id) is two
    assert franchise.choose_voter((one, two), new_id()) is None
    assert franchise.choose_voter((), None) is None
    assert code_of(franchise.choose_voter, (one, two), None) == "voter-not-named"


ONE, OTHER = new_id(), new_id()


@pytest.mark.parametrize(
    ("owner_id", "there", "outcome"),
    [
        (ONE, [], "done"),
        (ONE, [ballot(ONE)], "already-voted"),
        (ONE, [ballot(OTHER)], "done"),
        (ONE, [ballot(None)], "already-voted"),
        (None, [ballot(OTHER)], "already-voted"),
        (None, [ballot(None)], "already-voted"),
        (ONE, [ballot(ONE, flaw=Flaw.UNSIGNED)], "done"),
    ],
)
def test_the_first_valid_ballot_of_an_owner_stands(
    owner_id: UUID | None, there: list[BoxedBallot], outcome: str
):
    assert code_of(franchise.check_first, owner_id, there, ()) == outcome
    struck = {one.ballot_id for one in there}
    assert code_of(franchise.check_first, owner_id, there, struck) == "done"


# Papers


def entry(reading: int, number: int = 1, by: int = 0) -> PaperEntry:
    return PaperEntry(
        entry_id=new_id(),
        voter_id=ONE,
        round=number,
        entered_by=UUID(int=by),
        reading=bytes([reading]) * 32,
        scan=make.SCAN,
        at=make.VOTING,
    )


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=20))
def test_however_papers_are_read_two_different_persons_agree_on_every_ballot(
    readings: list[tuple[int, int]],
):
    """Persons 0 to 3 read a paper as 0, 1 or 2 in any order; a refused reading changes nothing."""
    entries: tuple[PaperEntry, ...] = ()
    boxed: list[BoxedBallot] = []
    for by, reading in readings:
        number = papers.current_round(entries, boxed)
        read = entry(reading, number, by)
        try:
            entries = papers.with_entry(entries, read)
        except papers.AlreadyRead:
            assert any((one.round, one.entered_by) == (number, UUID(int=by)) for one in entries)
            continue
        same = papers.agreeing(entries, read)
        if len(same) >= papers.READERS_WANTED:
            assert len({one.entered_by for one in same}) == len(same) == 2
            boxed.append(ballot(ONE, paper_round=number))
    for number in {one.round for one in entries}:
        of_round = [one for one in entries if one.round == number]
        agreed = len(of_round) - len({one.reading for one in of_round})
        assert len(of_round) <= papers.ROUND
        assert agreed == sum(one.paper_round == number for one in boxed)


def test_the_standing_of_a_paper_is_that_of_its_latest_round():
    held = replace(voter(), voter_id=ONE)
    first = [entry(1, 1, 1), entry(2, 1, 2), entry(3, 1, 3)]
    for entries, boxed, state, readers in (
        ([entry(1, 1, 1)], [], PaperState.OPEN, 1),
        (first[:2], [], PaperState.DIFFERING, 2),
        ([*first, entry(1, 2, 1)], [], PaperState.OPEN, 1),
        (
            [entry(1, 1, 1), entry(1, 1, 2)],
            [ballot(ONE, voter_id=ONE, paper_round=1)],
            PaperState.SETTLED,
            2,
        ),
    ):
        (standing,) = papers.paper_standings((held, voter(serial=2)), entries, boxed)
        assert (standing.state, len(standing.entered_by)) == (state, readers)


# Objections


def events(*kinds: EventKind) -> list[BallotEvent]:
    return [
        BallotEvent(
            ballot_id=ONE,
            number=number,
            kind=kind,
            by=OTHER,
            at=make.VOTING,
            reason="",
            evidence=(),
        )
        for number, kind in enumerate(kinds, start=1)
    ]


OBJECTED, STRUCK, UPHELD, FOUND = (
    EventKind.OBJECTED,
    EventKind.STRUCK,
    EventKind.UPHELD,
    EventKind.FOUND_INVALID,
)


@pytest.mark.parametrize(
    ("kinds", "contest", "decide", "invalid"),
    [
        ((), "done", "ballot-not-contested", "done"),
        ((OBJECTED,), "ballot-objection-open", "done", "done"),
        ((OBJECTED, STRUCK), *["ballot-objection-decided"] * 3),
        ((OBJECTED, UPHELD), *["ballot-objection-decided"] * 2, "done"),
        ((FOUND,), *["ballot-objection-decided"] * 3),
    ],
)
def test_a_ballot_is_contested_once_and_decided_once(
    kinds: tuple[EventKind, ...], contest: str, decide: str, invalid: str
):
    happened = events(*kinds)
    paper = ballot(paper_round=1)
    assert code_of(objections.check_contestable, happened) == contest
    assert code_of(objections.check_decidable, happened) == decide
    assert code_of(objections.check_can_be_invalid, paper, happened) == invalid
    online = ballot()
    assert code_of(objections.check_can_be_invalid, online, happened) == "ballot-not-on-paper"


@pytest.mark.parametrize(
    ("flaw", "kinds", "is_invalid"),
    [
        (None, (), False),
        (Flaw.DAMAGED, (), True),
        (None, (OBJECTED,), True),
        (None, (OBJECTED, UPHELD), False),
        (None, (OBJECTED, STRUCK), True),
        (None, (FOUND,), True),
        (None, (OBJECTED, UPHELD, FOUND), True),
    ],
)
def test_what_is_undecided_at_the_count_is_invalid(
    flaw: Flaw | None, kinds: tuple[EventKind, ...], is_invalid: bool
):
    cast = ballot(ballot_id=ONE, flaw=flaw)
    found = objections.invalid_at_count([cast], events(*kinds)[::-1])
    assert found == (frozenset({ONE}) if is_invalid else frozenset())


# Witnesses


@pytest.mark.parametrize(
    ("owners", "possible", "signed", "members", "enough"),
    [
        (10, 100, 4, 7, True),
        (9, 100, 7, 7, False),
        (10, 100, 3, 7, False),
        (10, 100, 3, 6, True),
        (100, 100, 0, 7, False),
        (4, 4, 1, 2, True),
        (3, 4, 2, 2, False),
        (10, 100, 0, 0, False),
    ],
)
def test_ten_owners_and_half_of_the_committee_witness_a_count(
    owners: int, possible: int, signed: int, members: int, enough: bool
):
    outside = [UUID(int=n) for n in range(possible)]
    committee = [UUID(int=n) for n in range(members)]
    inside = [new_id() for _ in range(20)]
    assert (
        witnesses.is_witnessed(
            [*outside[:owners], *inside], outside, [*committee[:signed], new_id()], committee
        )
        == enough
    )


@pytest.mark.parametrize(
    ("parts", "outcome"),
    [
        ({}, "done"),
        ({"key_id": "ab" * 32, "signature": b"x"}, "done"),
        ({"serials": (1,), "evidence": (make.SCAN,)}, "done"),
        ({"key_id": "ab" * 32}, "witness-incomplete"),
        ({"signature": b"x"}, "witness-incomplete"),
        ({"serials": (1,)}, "witness-incomplete"),
        ({"evidence": (make.SCAN,)}, "witness-incomplete"),
    ],
)
def test_a_witness_comes_with_all_or_nothing(parts: dict[str, Any], outcome: str):
    command = Witness(count_digest="ab" * 32, **parts)
    assert code_of(witnesses.check_witness, command, "ab" * 32) == outcome
    assert code_of(witnesses.check_witness, command, "cd" * 32) == "count-digest-differs"
    if outcome == "done":
        role = WitnessRole.COMMITTEE if "key_id" in parts else WitnessRole.OWNER
        assert witnesses.check_witness(command, "ab" * 32) is role
