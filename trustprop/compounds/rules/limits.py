"""Limits: what the law leaves open the texts may set, and what it demands they cannot weaken."""

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec
from msgspec.structs import replace

from trustprop.compounds.model import Clause, Limit, Limits, Source, SourceKind
from trustprop.kernel.errors import N_, FieldError

SPECIAL = "special_majority_"


def resolve(profile: Mapping[str, Limit], clauses: Iterable[tuple[UUID, str, Clause]]) -> Limits:
    """The profile's limits with the clauses in effect laid over them; the later clause wins.

    ``clauses`` are (text id, title of the text, clause), the latest text last. A clause that the
    law has overtaken gives way to the law.
    """
    limits = dict(profile)
    for text_id, title, clause in clauses:
        if clause.limit_name in limits and clause.limit_value is not None:
            limits[clause.limit_name] = _by_clause(
                profile[clause.limit_name], text_id, title, clause
            )
    plain = {name: limit for name, limit in limits.items() if not name.startswith(SPECIAL)}
    special = {
        name.removeprefix(SPECIAL): limits[name] for name in limits if name.startswith(SPECIAL)
    }
    return msgspec.convert(plain | {"special_majority": special}, Limits, from_attributes=True)


def _by_clause(law: Limit, text_id: UUID, title: str, clause: Clause) -> Limit:
    assert clause.limit_value is not None
    if not _is_within(law, clause.limit_value):
        bound = (
            law.floor if law.floor is not None and clause.limit_value < law.floor else law.ceiling
        )
        assert bound is not None
        return replace(
            law, value=bound, source=Source(kind=SourceKind.STATUTE, citation=law.bound_by)
        )
    citation = f"《{title}》 {clause.code}"
    source = Source(kind=SourceKind.CLAUSE, citation=citation, text_id=text_id, clause=clause.code)
    return replace(law, value=clause.limit_value, source=source)


def _is_within(law: Limit, value: int) -> bool:
    return (law.floor is None or value >= law.floor) and (
        law.ceiling is None or value <= law.ceiling
    )


def clause_errors(
    profile: Mapping[str, Limit], clauses: Iterable[Clause], at: str
) -> list[FieldError]:
    """What is wrong with the clauses of a text; ``at`` is the pointer of their list."""
    errors: list[FieldError] = []
    codes: set[str] = set()
    names: set[str] = set()
    for i, clause in enumerate(clauses):
        if clause.code in codes:
            errors.append(
                _wrong(f"{at}/{i}/code", "twice", N_("This clause number stands here twice."))
            )
        codes.add(clause.code)
        if clause.limit_name in names:
            errors.append(_wrong(f"{at}/{i}/limit_name", "twice", N_("This limit is set twice.")))
        if clause.limit_name is not None:
            names.add(clause.limit_name)
        errors += _limit_errors(profile, clause, f"{at}/{i}")
    return errors


def _limit_errors(profile: Mapping[str, Limit], clause: Clause, at: str) -> list[FieldError]:
    law = profile.get(clause.limit_name or "")
    value = clause.limit_value
    if clause.limit_name is None and value is not None:
        return [_wrong(f"{at}/limit_name", "missing", N_("Say which limit this value sets."))]
    if clause.limit_name is not None and law is None:
        return [_wrong(f"{at}/limit_name", "limit-unknown", N_("There is no such limit."))]
    if law is not None and value is None:
        return [_wrong(f"{at}/limit_value", "missing", N_("The limit needs a value."))]
    if law is None or value is None or _is_within(law, value):
        return []
    message = N_("A text cannot weaken the law: {bound_by} allows {least} to {most}.")
    bounds = {"least": law.floor, "most": "…" if law.ceiling is None else law.ceiling}
    return [_wrong(f"{at}/limit_value", "weakens-law", message, bound_by=law.bound_by, **bounds)]


def _wrong(pointer: str, code: str, detail: str, **facts: object) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail, facts=facts)
