"""Which bank line is which entry of the books, by rules that say why.

A reference that both sides carry decides; else amount, date and the other side's name or number
together; a person decides what is left. A debit that no dual-signed order answers to is an alarm.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from trustprop.banking.model import BankLine, Candidate, Decision, LineState, MatchRule

PAID_WITHIN = (timedelta(days=1), timedelta(days=10))
"""A payment reaches the bank from a day before its accounting date to ten days after it."""
RECEIVED_WITHIN = (timedelta(days=5), timedelta(days=5))
"""A receipt is booked up to five days before or after the bank's own date."""
SHORTEST_REFERENCE = 6
INTEREST_WORDS = ("结息", "利息", "INTEREST")


def match(lines: Sequence[BankLine], candidates: Iterable[Candidate]) -> tuple[Decision, ...]:
    """A decision for every line, the surest rules first; no candidate is used twice."""
    left = {candidate.entry_id: candidate for candidate in candidates}
    decided: dict[UUID, Decision] = {}
    for rule in (_by_reference, _by_reference_sum, _by_payee, _by_amount):
        waiting = [line for line in lines if line.line_id not in decided]
        for line in waiting:
            decision = rule(line, tuple(left.values()), waiting)
            if decision is not None:
                decided[line.line_id] = decision
                for candidate in decision.candidates:
                    del left[candidate.entry_id]
    for line in lines:
        if line.line_id not in decided:
            decided[line.line_id] = _undecided(line, tuple(left.values()))
    return tuple(decided[line.line_id] for line in lines)


def _by_reference(
    line: BankLine, candidates: Sequence[Candidate], _lines: Sequence[BankLine]
) -> Decision | None:
    named = [c for c in candidates if c.amount_fen == line.amount_fen and _shared(line, c)]
    if len(named) != 1:
        return None
    reason = f"附言含凭据号 {_shared(line, named[0])}，金额一致"
    return _matched(line, named, MatchRule.REFERENCE, reason)


def _by_reference_sum(
    line: BankLine, candidates: Sequence[Candidate], _lines: Sequence[BankLine]
) -> Decision | None:
    """Several receipts that the bank booked as one sum under one reference."""
    by_reference: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        shared = _shared(line, candidate)
        if shared:
            by_reference[shared].append(candidate)
    for shared, named in by_reference.items():
        if len(named) > 1 and sum(c.amount_fen for c in named) == line.amount_fen:
            reason = f"附言含凭据号 {shared}，{len(named)} 笔合计金额一致"
            return _matched(line, named, MatchRule.REFERENCE_SUM, reason)
    return None


def _by_payee(
    line: BankLine, candidates: Sequence[Candidate], _lines: Sequence[BankLine]
) -> Decision | None:
    same = [c for c in _near(line, candidates) if is_same_party(line, c) is True]
    if len(same) != 1:
        return None
    return _matched(line, same, MatchRule.AMOUNT_DATE_PAYEE, "金额、日期与对方户名或账号一致")


def _by_amount(
    line: BankLine, candidates: Sequence[Candidate], lines: Sequence[BankLine]
) -> Decision | None:
    """Money in only: one receipt of this amount near this day, and no other line could be it."""
    if line.amount_fen < 0:
        return None
    near = [c for c in _near(line, candidates) if is_same_party(line, c) is None]
    if len(near) != 1:
        return None
    rivals = [other for other in lines if near[0] in _near(other, near)]
    if len(rivals) != 1:
        return None
    return _matched(line, near, MatchRule.AMOUNT_DATE, "金额与日期一致，且别无可能")


def _undecided(line: BankLine, candidates: Sequence[Candidate]) -> Decision:
    """What a person must look at; the candidates stay free for other lines too."""
    near = _near(line, candidates)
    possible = tuple(c for c in near if is_same_party(line, c) is not False)
    if possible:
        reason = f"有 {len(possible)} 笔可能的凭证，需人工确认"
        return Decision(
            line_id=line.line_id,
            state=LineState.PROPOSED,
            rule=MatchRule.AMBIGUOUS,
            reason=reason,
            candidates=possible,
        )
    if line.amount_fen < 0:
        return _alarm(line, near)
    is_interest = any(word in normal(line.memo) for word in INTEREST_WORDS)
    return Decision(
        line_id=line.line_id,
        state=LineState.UNMATCHED,
        rule=MatchRule.INTEREST if is_interest else MatchRule.NOTHING,
        reason="附言为结息" if is_interest else "账上无对应收款",
    )


def _alarm(line: BankLine, near: Sequence[Candidate]) -> Decision:
    if near:
        return Decision(
            line_id=line.line_id,
            state=LineState.ALARM,
            rule=MatchRule.OTHER_PAYEE,
            reason=f"与付款指令 {near[0].label} 金额相同，但收款人不同",
        )
    return Decision(
        line_id=line.line_id,
        state=LineState.ALARM,
        rule=MatchRule.NOTHING,
        reason="没有双签付款指令与此笔支出对应",
    )


def _matched(
    line: BankLine, candidates: Sequence[Candidate], rule: MatchRule, reason: str
) -> Decision:
    return Decision(
        line_id=line.line_id,
        state=LineState.MATCHED,
        rule=rule,
        reason=reason,
        candidates=tuple(candidates),
    )


def _near(line: BankLine, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Those of this amount whose day fits."""
    before, after = PAID_WITHIN if line.amount_fen < 0 else RECEIVED_WITHIN
    return tuple(
        c
        for c in candidates
        if c.amount_fen == line.amount_fen and c.on - before <= line.booked_on <= c.on + after
    )


def _shared(line: BankLine, candidate: Candidate) -> str:
    """The reference of the candidate that the line carries; empty when none."""
    said = normal(f"{line.reference} {line.memo}")
    return next(
        (
            reference
            for reference in candidate.references
            if len(normal(reference)) >= SHORTEST_REFERENCE and normal(reference) in said
        ),
        "",
    )


def is_same_party(line: BankLine, candidate: Candidate) -> bool | None:
    """Whether the other side is the same; None when one of the two does not say."""
    numbers = [number for number in map(_digits, candidate.numbers) if number]
    said_number = _digits(line.counterparty_number)
    if numbers and said_number:
        return any(_same_number(said_number, number) for number in numbers)
    names = [normal(name) for name in candidate.names if name]
    said_name = normal(line.counterparty_name)
    if names and said_name:
        return said_name in names
    return None


def _same_number(said: str, known: str) -> bool:
    """Masked numbers carry their last four digits only."""
    return (
        said == known
        or (len(known) == 4 and said.endswith(known))
        or (len(said) == 4 and known.endswith(said))
    )


def _digits(number: str) -> str:
    return "".join(char for char in number if char.isdigit())


def normal(text: str) -> str:
    """Full-width and half-width alike, no blanks, capitals only."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()
