"""Each check in turn: form, head, tree, rows, sums, roll, results, seats, and one owner's receipt."""

from collections.abc import Callable, Iterable

import msgspec

from trustprop.kernel import merkle
from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import FieldsInvalid
from trustprop.votes import rules
from trustprop.votes.model.counting import Question, QuestionKind, Result
from trustprop.votes.model.document import FORMAT, VoteDocument
from trustprop.votes.verify import receipts, rows
from trustprop.votes.verify.report import Finding, Outcome, Report


def verify_vote(content: bytes, receipt: bytes | None = None, digest: str | None = None) -> Report:
    """Everything that the rows decide is recomputed from the bytes; nothing is looked up.

    ``receipt`` is an owner's receipt as JSON; ``digest`` the one printed on the tally certificate.
    """
    found = sha256(content).hex()
    try:
        document = msgspec.json.decode(content, type=VoteDocument)
        _check_form(content, document)
    except (ValueError, RecursionError) as error:
        bad = Finding(code="form", holds=False, detail=str(error))
        return Report(vote_id="?", digest=found, findings=(bad,), outcomes=())
    findings = [
        Finding(code="form", holds=True),
        *([_digest(found, digest)] if digest else []),
        *(_find(document, code, check) for code, check in _CHECKS),
        *(receipts.check(document, receipt) if receipt is not None else ()),
    ]
    return Report(
        vote_id=str(document.head.vote_id),
        digest=found,
        findings=tuple(findings),
        outcomes=_outcomes(document),
    )


def _check_form(content: bytes, document: VoteDocument) -> None:
    """Raises ValueError unless the bytes are exactly the canonical form of what they mean."""
    if document.head.type != FORMAT:
        raise ValueError(document.head.type)
    if rules.document_bytes(document) != content:
        raise ValueError("RFC 8785")
    if _has_negative(msgspec.to_builtins(document.head)):
        raise ValueError("a number below zero")


def _has_negative(value: object) -> bool:
    """In the head; rows and results with one are refused by what they should add up to."""
    if isinstance(value, dict):
        return any(map(_has_negative, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_negative, value))
    return isinstance(value, int) and value < 0


def _digest(found: str, printed: str) -> Finding:
    return Finding(code="digest", holds=found == printed.strip().lower(), detail=found)


Check = Callable[[VoteDocument], str]
"""Returns where the first fault lies; empty when there is none."""


def _find(document: VoteDocument, code: str, check: Check) -> Finding:
    """A check that stumbles over a nonsensical document has found a fault."""
    try:
        odd = check(document)
    except (ValueError, LookupError, AssertionError, TypeError, OverflowError) as error:
        odd = repr(error)
    return Finding(code=code, holds=not odd, detail=odd or _SHOWN.get(code, _nothing)(document))


def _nothing(_document: VoteDocument) -> str:
    return ""


_SHOWN: dict[str, Check] = {
    "tree": lambda document: document.root,
    "register": lambda document: str(len(document.register)),
    "slips": lambda document: str(len(document.slips)),
    "results": lambda document: str(len(document.results)),
    "hiding": lambda document: ", ".join(str(one.smallest_group) for one in document.hiding),
}


def _odd_head(document: VoteDocument) -> str:
    """Times in order, questions by position, an election with seats, policies with their clauses."""
    head = document.head
    positions = [question.position for question in head.questions]
    items = [item for question in head.questions for item in rules.items_of(question)]
    if not head.opens_at < head.closes_at <= head.counted_at:
        return "opens_at, closes_at, counted_at"
    if positions != sorted(set(positions)) or len(items) != len(set(items)) or not items:
        return "questions"
    for question in head.questions:
        if not _is_sensible(question):
            return f"question {question.position}"
    try:
        rules.check_policy(head.policy)
    except FieldsInvalid as refusal:
        return ", ".join(error.pointer for error in refusal.errors)
    return ""


def _is_sensible(question: Question) -> bool:
    is_election = question.kind is QuestionKind.ELECTION
    if question.stair and not question.building:
        return False
    return is_election == (question.seats > 0) == bool(question.candidates)


def _odd_tree(document: VoteDocument) -> str:
    leaves = rules.leaves_of(document.head, document.register, document.slips)
    root = merkle.root(merkle.leaf_hash(leaf) for leaf in leaves).hex()
    if document.tree_size != len(leaves):
        return f"{document.tree_size} / {len(leaves)}"
    return "" if root == document.root else root


def _odd_box(document: VoteDocument) -> str:
    """The box holds a ballot of everyone in the register; the register is no longer than the roll."""
    returned = sum(row.standing is not rows.SILENT for row in document.register)
    box, roll = document.head.box.size, document.head.roll.heads
    return "" if returned <= box and len(document.register) <= roll else f"{returned} / {box}"


def _odd_roll(document: VoteDocument) -> str:
    """Totals are those of the roll where everybody is asked, and hold all who took part."""
    roll = document.head.roll
    by_item = _by_item(document.results)
    for place, question in enumerate(document.head.questions):
        totals = {by_item[item].total for item in rules.items_of(question)}
        if len(totals) != 1:
            return str(question.position)
        total = totals.pop()
        told = (total.heads, total.area_dm2)
        if not question.building and told != (roll.heads, roll.area_dm2):
            return str(question.position)
        listed = rows.listed(document, place)
        is_within = told[0] <= roll.heads and told[1] <= roll.area_dm2
        if not is_within or listed.heads > total.heads or listed.area_dm2 > total.area_dm2:
            return str(question.position)
    return ""


def _odd_results(document: VoteDocument) -> str:
    """Every figure and every reading again, from register and slips."""
    told = _by_item(document.results)
    expected = []
    for place, question in enumerate(document.head.questions):
        for item in rules.items_of(question):
            cast = rows.cast(document, place, item, told[item].total)
            result = rules.result_of(question, item[1], cast, document.head.policy)
            if result != told[item]:
                return _name(question, result)
            expected.append(result)
    return "" if tuple(expected) == document.results else str(len(document.results))


def _by_item(results: Iterable[Result]) -> dict[rules.Item, Result]:
    return {(result.question_id, result.candidate_id): result for result in results}


def _name(question: Question, result: Result) -> str:
    names = {candidate.candidate_id: candidate.name for candidate in question.candidates}
    if result.candidate_id is None:
        return str(question.position)
    return f"{question.position} {names[result.candidate_id]}"


def _odd_seats(document: VoteDocument) -> str:
    elections = [one for one in document.head.questions if one.kind is QuestionKind.ELECTION]
    for question, seat in zip(elections, document.seats, strict=True):
        if rules.seat_of(question, document.results) != seat:
            return str(question.position)
    return ""


def _odd_hiding(document: VoteDocument) -> str:
    expected = rules.hiding(document.head.questions, document.slips)
    return "" if expected == document.hiding else ", ".join(str(one) for one in expected)


_CHECKS: tuple[tuple[str, Check], ...] = (
    ("head", _odd_head),
    ("tree", _odd_tree),
    ("register", rows.odd_register),
    ("slips", rows.odd_slips),
    ("sums", rows.odd_sums),
    ("box", _odd_box),
    ("roll", _odd_roll),
    ("results", _odd_results),
    ("seats", _odd_seats),
    ("hiding", _odd_hiding),
)


def _outcomes(document: VoteDocument) -> tuple[Outcome, ...]:
    questions = {question.question_id: question for question in document.head.questions}
    elected = {candidate for seat in document.seats for candidate in seat.elected}
    return tuple(
        Outcome(
            question=questions[result.question_id],
            result=result,
            is_elected=result.candidate_id in elected,
        )
        for result in document.results
        if result.question_id in questions
    )
