"""The count on paper: every comparison as whole numbers, under every reading of unsettled law."""

from uuid import UUID

from trustprop.meetings.model.papers import (
    Certificate,
    CertifiedReading,
    CertifiedResult,
    CertifiedSeats,
    Choices,
    Comparison,
    CountedBy,
    CountSheet,
    Measure,
    ReadingKind,
    Returned,
)
from trustprop.meetings.papers.facts import CountFacts, MeetingFacts, head, item
from trustprop.votes.model.counting import Channel, Majority, Reading, Result, Weight
from trustprop.votes.model.document import VoteDocument

WITNESSES = 10
"""Owners who do not sit on the committee (model rules of procedure)."""
Fraction = tuple[int, int, bool]
"""Numerator, denominator, strictly more."""
QUORUM: Fraction = (2, 3, False)
EVERYBODY: Fraction = (1, 1, False)
AGREE: dict[Majority, Fraction] = {
    Majority.ORDINARY: (1, 2, True),
    Majority.SPECIAL: (3, 4, False),
    Majority.UNANIMOUS: EVERYBODY,
}


def certificate(facts: MeetingFacts, count: CountFacts) -> Certificate:
    """计票结果证书: all figures are those of the published count."""
    document = count.document
    told = document.head
    return Certificate(
        head=head(facts),
        record_on=told.record_on,
        roll_digest=told.roll.digest,
        homes=facts.homes,
        total=Weight(heads=told.roll.heads, area_dm2=told.roll.area_dm2),
        opens_at=told.opens_at,
        closes_at=told.closes_at,
        counted_at=told.counted_at,
        invalid_ballots=told.policy.invalid_ballots,
        silent_majority=facts.silent_majority,
        has_parking=told.policy.has_parking,
        results=tuple(_certified(facts, document, result) for result in document.results),
        seats=_seats(facts, document),
        box_size=told.box.size,
        box_head=told.box.head,
        digest=count.digest,
        root=document.root,
        tree_size=document.tree_size,
        owner_witnesses=count.owner_witnesses,
        committee_witnesses=count.committee_witnesses,
    )


def _certified(facts: MeetingFacts, document: VoteDocument, result: Result) -> CertifiedResult:
    motion = next(one for one in facts.motions if one.motion_id == result.question_id)
    named = item(facts, motion)
    return CertifiedResult(
        item=named,
        candidate=names_of(document).get(result.candidate_id),
        choices=choices(document, result),
        readings=_readings(result, named.majority),
        is_passed=result.is_passed,
        needs_legal_review=result.needs_legal_review,
    )


def _readings(result: Result, majority: Majority) -> tuple[CertifiedReading, ...]:
    """The decisive one first; the other readings follow even where they come to the same."""
    kinds = {
        ReadingKind.DECISIVE: result.reading,
        ReadingKind.OTHERWISE_INVALID: result.otherwise_invalid,
        ReadingKind.WITHOUT_SILENT: result.without_silent,
    }
    return tuple(
        _reading(kind, reading, majority) for kind, reading in kinds.items() if reading is not None
    )


def _reading(kind: ReadingKind, reading: Reading, majority: Majority) -> CertifiedReading:
    return CertifiedReading(
        kind=kind,
        participating=reading.participating,
        in_favour=reading.in_favour,
        comparisons=comparisons(reading, majority),
        is_passed=reading.tally.is_passed,
    )


def comparisons(reading: Reading, majority: Majority) -> tuple[Comparison, ...]:
    """The four sentences of Civil Code 278(2), each held against the count's own verdict."""
    quorum = EVERYBODY if majority is Majority.UNANIMOUS else QUORUM
    told = (
        _compare(Measure.QUORUM, CountedBy.AREA, quorum, reading.participating, reading.total),
        _compare(Measure.QUORUM, CountedBy.HEADS, quorum, reading.participating, reading.total),
        _compare(
            Measure.MAJORITY,
            CountedBy.AREA,
            AGREE[majority],
            reading.in_favour,
            reading.participating,
        ),
        _compare(
            Measure.MAJORITY,
            CountedBy.HEADS,
            AGREE[majority],
            reading.in_favour,
            reading.participating,
        ),
    )
    tally = reading.tally
    counted = (tally.quorum_area, tally.quorum_heads, tally.majority_area, tally.majority_heads)
    assert tuple(one.is_met for one in told) == counted, "the paper contradicts the count"
    return told


def _compare(
    measure: Measure, by: CountedBy, fraction: Fraction, some: Weight, of: Weight
) -> Comparison:
    numerator, denominator, is_strict = fraction
    part, whole = (some.area_dm2, of.area_dm2) if by is CountedBy.AREA else (some.heads, of.heads)
    left, right = denominator * part, numerator * whole
    return Comparison(
        measure=measure,
        by=by,
        numerator=numerator,
        denominator=denominator,
        is_strict=is_strict,
        part=part,
        whole=whole,
        left=left,
        right=right,
        least=right // denominator + 1 if is_strict else -(-right // denominator),
        is_met=whole > 0 and (left > right if is_strict else left >= right),
    )


def choices(document: VoteDocument, result: Result) -> Choices:
    question = next(one for one in document.head.questions if one.question_id == result.question_id)
    return Choices(
        label=names_of(document).get(result.candidate_id, question.title),
        position=question.position,
        total=result.total,
        in_favour=result.in_favour,
        against=result.against,
        abstaining=result.abstaining,
        invalid=result.invalid,
        held=result.held,
        silent=result.silent,
    )


def names_of(document: VoteDocument) -> dict[UUID | None, str]:
    """Candidates by their ids."""
    return {
        candidate.candidate_id: candidate.name
        for question in document.head.questions
        for candidate in question.candidates
    }


def _seats(facts: MeetingFacts, document: VoteDocument) -> tuple[CertifiedSeats, ...]:
    names = names_of(document)
    named = {motion.motion_id: item(facts, motion) for motion in facts.motions}
    return tuple(
        CertifiedSeats(
            position=named[seat.question_id].position,
            title=named[seat.question_id].title,
            elected=tuple(names[one] for one in seat.elected),
            open_seats=seat.open_seats,
            tied=tuple(names[one] for one in seat.tied),
        )
        for seat in document.seats
    )


def count_sheet(facts: MeetingFacts, count: CountFacts) -> CountSheet:
    """计票单: signed by those who watched, before anything is posted."""
    document = count.document
    roll = document.head.roll
    return CountSheet(
        head=head(facts),
        counted_at=document.head.counted_at,
        digest=count.digest,
        box_size=document.head.box.size,
        box_head=document.head.box.head,
        returned=tuple(
            Returned(channel=channel, ballots=count.returned[channel])
            for channel in Channel
            if count.returned.get(channel)
        ),
        total=Weight(heads=roll.heads, area_dm2=roll.area_dm2),
        participating=taking_part(document),
        choices=tuple(choices(document, result) for result in document.results),
        owners_to_sign=WITNESSES,
        committee_to_sign=-(-facts.committee // 2),
    )


def taking_part(document: VoteDocument) -> Weight:
    """Of the whole compound: of the question that most were asked."""
    readings = [result.reading for result in document.results]
    return max(readings, key=lambda one: one.total.area_dm2).participating
