"""Versions of a governing text: the next one from changes of clauses, and what two say otherwise."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from difflib import SequenceMatcher
from uuid import UUID

from trustprop.compounds.model import (
    ChangeKind,
    Clause,
    ClauseChange,
    ClauseDifference,
    GoverningText,
    TextDifference,
    TextDraft,
    TextKind,
    Words,
)
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid

LONGEST_COMPARED = 1_000_000
"""Above this product of two lengths a clause is shown as replaced, so that nobody waits for it."""
_WORD = re.compile(r"[A-Za-z0-9]+|\s+|.", re.DOTALL)
"""Numbers and Latin words are whole; every Chinese character is a word."""
_RUN = re.compile(r"\d+|\D+")


class TextsOfTwoKinds(Conflict):
    code = "texts-of-two-kinds"
    detail = N_("These are no versions of one text.")


def amended(
    text: GoverningText, changes: Sequence[ClauseChange], *, text_id: UUID, effective_from: date
) -> TextDraft:
    """The next version of a text. Raises FieldsInvalid as ``amended_clauses`` does."""
    return TextDraft(
        text_id=text_id,
        kind=text.kind,
        title=text.title,
        effective_from=effective_from,
        clauses=amended_clauses(text.clauses, changes),
    )


def amended_clauses(
    clauses: Sequence[Clause], changes: Sequence[ClauseChange]
) -> tuple[Clause, ...]:
    """The clauses with these changes. A new one stands before the first one with a higher number.

    Raises FieldsInvalid for a clause that is changed twice or goes without being there, and when
    nothing is left.
    """
    wrong = _change_errors(clauses, changes)
    if wrong:
        raise FieldsInvalid(errors=tuple(wrong))
    held = list(clauses)
    for change in changes:
        held = _with(held, change)
    if not held:
        message = N_("A text keeps at least one clause.")
        raise FieldsInvalid(errors=(FieldError(pointer="/changes", code="empty", detail=message),))
    return tuple(held)


def _change_errors(clauses: Sequence[Clause], changes: Sequence[ClauseChange]) -> list[FieldError]:
    here = {clause.code for clause in clauses}
    seen: set[str] = set()
    errors = []
    for i, change in enumerate(changes):
        pointer = f"/changes/{i}/code"
        if change.code in seen:
            message = N_("This clause is changed twice.")
            errors.append(FieldError(pointer=pointer, code="twice", detail=message))
        if change.body is None and change.code not in here:
            message = N_("There is no such clause to take out.")
            errors.append(FieldError(pointer=pointer, code="clause-missing", detail=message))
        seen.add(change.code)
    return errors


def _with(clauses: list[Clause], change: ClauseChange) -> list[Clause]:
    others = [clause for clause in clauses if clause.code != change.code]
    if change.body is None:
        return others
    clause = Clause(
        code=change.code,
        body=change.body,
        limit_name=change.limit_name,
        limit_value=change.limit_value,
    )
    if len(others) < len(clauses):
        return [clause if held.code == change.code else held for held in clauses]
    higher = (i for i, held in enumerate(others) if _in_order(held.code) > _in_order(clause.code))
    place = next(higher, len(others))
    return [*others[:place], clause, *others[place:]]


def _in_order(code: str) -> list[tuple[int, int, str]]:
    """Clause 9 before clause 10, and 10 before 10a."""
    return [(0, int(run), "") if run.isdecimal() else (1, 0, run) for run in _RUN.findall(code)]


def version_before(text: GoverningText, every: Iterable[GoverningText]) -> GoverningText | None:
    """The one that a version replaced. Other texts stand beside each other by their titles."""
    earlier = [
        one
        for one in every
        if one.kind is text.kind
        and one.version < text.version
        and (text.kind is not TextKind.OTHER or one.title == text.title)
    ]
    return max(earlier, key=lambda one: one.version, default=None)


def text_difference(before: GoverningText | None, after: GoverningText) -> TextDifference:
    """Raises TextsOfTwoKinds."""
    if before is not None and before.kind is not after.kind:
        raise TextsOfTwoKinds
    return TextDifference(
        text_id=after.text_id,
        version=after.version,
        from_text_id=before.text_id if before else None,
        from_version=before.version if before else 0,
        kind=after.kind,
        title=after.title,
        clauses=difference(before, after),
    )


def difference(
    before: GoverningText | TextDraft | None, after: GoverningText | TextDraft
) -> tuple[ClauseDifference, ...]:
    """Every clause that is added, removed or changed, by its number; the same ones are left out."""
    old = {clause.code: clause for clause in before.clauses} if before else {}
    new = {clause.code: clause for clause in after.clauses}
    codes = sorted(old.keys() | new.keys(), key=_in_order)
    return tuple(
        _difference(code, old.get(code), new.get(code))
        for code in codes
        if old.get(code) != new.get(code)
    )


def _difference(code: str, before: Clause | None, after: Clause | None) -> ClauseDifference:
    kind = ChangeKind.CHANGED
    if before is None:
        kind = ChangeKind.ADDED
    elif after is None:
        kind = ChangeKind.REMOVED
    words = compare(before.body if before else "", after.body if after else "")
    return ClauseDifference(code=code, kind=kind, before=before, after=after, words=words)


def compare(before: str, after: str) -> tuple[Words, ...]:
    """Two bodies word by word: what was removed stands before what was added in its place."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if len(old) * len(new) > LONGEST_COMPARED:
        return tuple(_words([(ChangeKind.REMOVED, old), (ChangeKind.ADDED, new)]))
    runs: list[tuple[ChangeKind, Sequence[str]]] = []
    matched = SequenceMatcher(a=old, b=new, autojunk=False)
    for tag, i, j, k, m in matched.get_opcodes():
        if tag == "equal":
            runs.append((ChangeKind.KEPT, old[i:j]))
        else:
            runs += [(ChangeKind.REMOVED, old[i:j]), (ChangeKind.ADDED, new[k:m])]
    return tuple(_words(runs))


def _words(runs: Iterable[tuple[ChangeKind, Sequence[str]]]) -> list[Words]:
    return [Words(kind=kind, text="".join(run)) for kind, run in runs if run]
