"""The rows of a published count against each other: register, slips, and the sums of both."""

from collections import Counter
from collections.abc import Iterator

from trustprop.votes import rules
from trustprop.votes.model.counting import Choice, Question, Standing, Weight
from trustprop.votes.model.document import RegisterRow, Slip, VoteDocument

SILENT = Standing.SILENT


def odd_register(document: VoteDocument) -> str:
    """In order, one head a row and question, everybody in what concerns the whole compound."""
    before = ""
    for number, row in enumerate(document.register, start=1):
        if not before < row.commitment or not _is_sensible(document, row):
            return str(number)
        before = row.commitment
    return ""


def _is_sensible(document: VoteDocument, row: RegisterRow) -> bool:
    head = document.head
    if row.standing is SILENT and head.policy.silent_majority is None:
        return False
    return len(row.weights) == len(head.questions) and all(
        _is_one_voter(weight) and (weight.heads == 1 or bool(question.building))
        for question, weight in zip(head.questions, row.weights, strict=True)
    )


def _is_one_voter(weight: Weight) -> bool:
    if weight.heads == 1:
        return weight.area_dm2 > 0
    return (weight.heads, weight.area_dm2) == (0, 0)


def odd_slips(document: VoteDocument) -> str:
    """In order, each of a question that was asked, and of the form that its secrecy asks for."""
    asked = {
        item: question for question in document.head.questions for item in rules.items_of(question)
    }
    before = ("", "", "")
    for number, slip in enumerate(document.slips, start=1):
        question = asked.get((slip.question_id, slip.candidate_id))
        order = rules.slip_order(slip)
        if question is None or not before < order or not _is_a_slip(question, slip):
            return str(number)
        before = order
    ids = {slip.id for slip in document.slips}
    return "" if len(ids) == len(document.slips) else f"{len(ids)} / {len(document.slips)}"


def _is_a_slip(question: Question, slip: Slip) -> bool:
    if not question.is_secret:
        return slip.heads == 1 and slip.area_dm2 > 0
    return (slip.heads == 1) == (slip.area_dm2 == 0) and slip.heads in (0, 1) and slip.area_dm2 >= 0


def odd_sums(document: VoteDocument) -> str:
    """For each item the slips weigh what the counted voters of the register weigh.

    Where the question is open, slip by slip; where it is secret, as heads and as area.
    """
    slips: dict[rules.Item, Counter[tuple[int, int]]] = {}
    for slip in document.slips:
        item = (slip.question_id, slip.candidate_id)
        slips.setdefault(item, Counter())[slip.heads, slip.area_dm2] += 1
    for place, question in enumerate(document.head.questions):
        counted = Counter(
            (weight.heads, weight.area_dm2)
            for weight in _weights(document, place, Standing.COUNTED)
            if weight.heads
        )
        for item in rules.items_of(question):
            found = slips.get(item, Counter())
            if _total(found) != _total(counted) or (not question.is_secret and found != counted):
                return str(question.position)
    return ""


def _total(weights: Counter[tuple[int, int]]) -> Weight:
    return Weight(
        heads=sum(heads * times for (heads, _), times in weights.items()),
        area_dm2=sum(area_dm2 * times for (_, area_dm2), times in weights.items()),
    )


def listed(document: VoteDocument, place: int) -> Weight:
    """All rows of the register together, in a question."""
    weights = [row.weights[place] for row in document.register]
    return _sum(weights)


def cast(document: VoteDocument, place: int, item: rules.Item, total: Weight) -> rules.Cast:
    """What was cast for one item: choices from the slips, all else from the register."""
    slips = [slip for slip in document.slips if (slip.question_id, slip.candidate_id) == item]
    return rules.Cast(
        total=total,
        choices={
            choice: _sum([slip for slip in slips if slip.choice is choice]) for choice in Choice
        },
        invalid=_sum(list(_weights(document, place, Standing.INVALID))),
        held=_sum(list(_weights(document, place, Standing.HELD))),
        silent=_sum(list(_weights(document, place, Standing.SILENT))),
    )


def _weights(document: VoteDocument, place: int, standing: Standing) -> Iterator[Weight]:
    return (row.weights[place] for row in document.register if row.standing is standing)


def _sum(weights: list[Weight] | list[Slip]) -> Weight:
    return Weight(
        heads=sum(weight.heads for weight in weights),
        area_dm2=sum(weight.area_dm2 for weight in weights),
    )
