"""Homes and owners: reading the list, committing to identities, counting heads and areas."""

import csv
import hmac
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from trustprop.compounds.model import (
    WHOLE,
    AreaSource,
    EnrolResident,
    HeadCount,
    HeadOnRoll,
    Home,
    HomeRow,
    HomeUse,
    NewOwner,
    Owner,
    OwnerKind,
    ResidentKind,
    Roll,
    RollEntry,
    Scope,
    TransferHome,
)
from trustprop.kernel.errors import N_, Conflict, FieldError, Invalid
from trustprop.kernel.money import fen

MAX_ROWS = 20_000
MAX_CODE = 40
MAX_AREA_DM2 = 10_000_000
"""100,000 m²: no single home is larger."""

COLUMNS = {
    "building": "楼栋",
    "stair": "单元",
    "number": "房号",
    "area_m2": "面积",
    "area_source": "面积来源",
    "delivered_on": "交付日期",
    "owner_kind": "业主类型",
    "owner_name": "业主姓名",
    "identity_number": "证件号码",
}
"""The columns of the CSV, by either name. One row per home and owner: co-owners repeat the home."""
OPTIONAL_COLUMNS = {"use": "用途"}

_SOURCES = {"登记": "registered", "实测": "surveyed", "合同": "contract"}
_USES = {"": "dwelling", "住宅": "dwelling", "商铺": "shop", "车位": "parking"}
_KINDS = {"个人": "person", "单位": "organisation", "建设单位": "developer"}
_DOCUMENT = re.compile(r"[A-Z][A-Z0-9]{4,19}|\d{8}")
"""Passports and permits begin with a letter; a Taiwan compatriot's permit has eight digits."""


class HomesNotImported(Invalid):
    code = "homes-not-imported"
    detail = N_("{bad_rows} rows of the file are wrong; nothing was imported.")
    bad_rows: int


class HomesFileMissing(Invalid):
    code = "homes-file-missing"
    detail = N_("Send one file in the form field named file.")


class OwnerNameDiffers(Conflict):
    code = "owner-name-differs"
    detail = N_("This identity number is already here under another name or kind of owner.")


class IdentityInvalid(Invalid):
    code = "identity-invalid"
    detail = N_("This identity number is not right for this kind of owner.")


class TransferTooEarly(Conflict):
    code = "transfer-too-early"
    detail = N_("The present owners hold this home since {since_on}; a transfer must be later.")
    since_on: date


class DeliveryWrong(Conflict):
    code = "delivery-wrong"
    detail = N_("A home is handed over once, and not before the first day of this transfer.")


class OwnerToBeNamed(Invalid):
    code = "owner-to-be-named"
    detail = N_("Say which of the {owners} registered owners of this home the person is.")
    owners: int


class NotAnOwner(Invalid):
    code = "not-an-owner"
    detail = N_("This home has no such registered owner, or the person only lives in it.")


def count_heads(homes: Iterable[Home], developers: frozenset[UUID], on: date) -> int:
    """Heads of a roll by Interpretation 9.

    One exclusive part is one head; the parts of the same buyer (identical set of registered owners)
    are one; what the developer has not sold or not yet delivered is one altogether.
    """
    return len({_head(home, developers, on) for home in homes})


def _head(home: Home, developers: frozenset[UUID], on: date) -> frozenset[UUID]:
    """Who stands for a home: its owners as a set, or nobody in particular for the developer's."""
    if not home.is_delivered(on) or developers.issuperset(home.owner_ids):
        return frozenset()
    return frozenset(home.owner_ids)


_SCOPE = re.compile(r"building:([^/]+)(?:/stair:([^/]+))?")


def read_scope(text: str) -> Scope:
    """What ``str(scope)`` wrote, such as ``building:7/stair:2``; other words name a place of nobody."""
    if text in ("", str(WHOLE)):
        return WHOLE
    found = _SCOPE.fullmatch(text)
    return Scope(building=found[1], stair=found[2] or "") if found else Scope(building=text)


def developers_among(owners: Mapping[UUID, Owner]) -> frozenset[UUID]:
    return frozenset(o.owner_id for o in owners.values() if o.kind is OwnerKind.DEVELOPER)


def of_roll(homes: Iterable[Home], *, with_parking: bool) -> tuple[Home, ...]:
    """The homes that count. Parking spaces do under a clause only (指导规则 25)."""
    return tuple(home for home in homes if with_parking or home.use is not HomeUse.PARKING)


def heads(homes: Iterable[Home], developers: frozenset[UUID], on: date) -> tuple[HeadOnRoll, ...]:
    """Every head with its homes, in order of its first home. Homes come in order of their place."""
    held: dict[frozenset[UUID], list[Home]] = {}
    for home in homes:
        held.setdefault(_head(home, developers, on), []).append(home)
    return tuple(
        HeadOnRoll(
            owner_ids=tuple(sorted(owner_ids or developers)),
            homes=tuple(group),
            is_developer=not owner_ids,
        )
        for owner_ids, group in held.items()
    )


def draw_roll(
    homes: Sequence[Home],
    owners: Mapping[UUID, Owner],
    on: date,
    scope: Scope,
    *,
    with_parking: bool = False,
) -> Roll:
    """The masked roll of a scope. Areas are summed home by home and never merged."""
    held = [home for home in of_roll(homes, with_parking=with_parking) if scope.holds(home)]
    developers = developers_among(owners)
    numbers: dict[frozenset[UUID], int] = {}
    entries = tuple(
        RollEntry(
            home_id=home.home_id,
            building=home.building,
            stair=home.stair,
            number=home.number,
            area_dm2=home.area_dm2,
            owners=tuple(masked_owner(owners[owner_id]) for owner_id in home.owner_ids),
            head=numbers.setdefault(_head(home, developers, on), len(numbers) + 1),
        )
        for home in held
    )
    count = HeadCount(
        homes=len(held), heads=len(numbers), area_dm2=sum(home.area_dm2 for home in held)
    )
    return Roll(on=on, scope=scope, count=count, entries=entries)


def masked_owner(owner: Owner) -> str:
    """People are masked; firms are no personal data and keep their names."""
    return mask(owner.name) if owner.kind is OwnerKind.PERSON else owner.name


def mask(name: str) -> str:
    """``王小明`` as ``王**``; the number of stars tells nothing."""
    return f"{name[:1]}**"


def commitment(salt: bytes, identity_number: str) -> bytes:
    """What stands for an identity number: equal for the same person here, worthless without the salt."""
    return hmac.digest(
        salt, b"trustprop/identity/v1\0" + _normal(identity_number).encode(), "sha256"
    )


def is_credit_code(text: str) -> bool:
    """Whether this is a unified social credit code with its right check character (GB 32100)."""
    return bool(uscc.is_valid(text)) and uscc.compact(text) == text


def is_identity(kind: OwnerKind, identity_number: str) -> bool:
    number = _normal(identity_number)
    if kind is not OwnerKind.PERSON:
        return is_credit_code(number)
    if re.fullmatch(r"\d{17}[\dX]", number):
        return bool(mod_11_2.is_valid(number)) and _is_date(number[6:14])
    return _DOCUMENT.fullmatch(number) is not None


def _normal(identity_number: str) -> str:
    return identity_number.strip().replace(" ", "").upper()


def _is_date(text: str) -> bool:
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def resident_owner(command: EnrolResident, home: Home) -> UUID | None:
    """Which registered owner a new resident is; None for an occupant.

    Raises NotAnOwner, or OwnerToBeNamed where co-owners leave a doubt: each votes for oneself.
    """
    if command.kind is ResidentKind.OCCUPANT:
        if command.owner_id is not None:
            raise NotAnOwner
        return None
    if command.owner_id is None and len(home.owner_ids) > 1:
        raise OwnerToBeNamed(owners=len(home.owner_ids))
    owner_id = command.owner_id or home.owner_ids[0]
    if owner_id not in home.owner_ids:
        raise NotAnOwner
    return owner_id


def check_identities(owners: Iterable[NewOwner]) -> None:
    """Raises IdentityInvalid."""
    if not all(is_identity(new.kind, new.identity_number) for new in owners):
        raise IdentityInvalid


def check_transfer(command: TransferHome, held_since_on: date | None) -> None:
    """Raises TransferTooEarly."""
    if held_since_on is not None and command.since_on <= held_since_on:
        raise TransferTooEarly(since_on=held_since_on)


def check_delivery(command: TransferHome, held: Home) -> None:
    """A home is handed over once and not in the past, so that no roll changes behind a vote.

    Raises DeliveryWrong.
    """
    if command.delivered_on is None or command.delivered_on == held.delivered_on:
        return
    if held.delivered_on is not None or command.delivered_on < command.since_on:
        raise DeliveryWrong


def check_known_owners(owners: Mapping[UUID, Owner], known: Mapping[UUID, Owner]) -> None:
    """Raises OwnerNameDiffers when an identity is already here under another name."""
    if any(known.get(owner_id, owner) != owner for owner_id, owner in owners.items()):
        raise OwnerNameDiffers


# Reading the CSV


def read_homes(content: bytes) -> tuple[tuple[HomeRow, ...], list[FieldError]]:
    """The good rows of a CSV, in UTF-8 or GB 18030, and what is wrong with the others.

    Raises HomesNotImported at once when it is no such file.
    """
    table = _table(_decode(content))
    heading = _heading(table[0] if table else [])
    errors: list[FieldError] = []
    rows: list[HomeRow] = []
    for line, cells in enumerate(table[1:], start=2):
        if any(cell.strip() for cell in cells):
            row = _read_row(line, dict(zip(heading, cells, strict=False)), errors)
            rows += [row] if row else []
    errors += _contradictions(rows)
    if not rows and not errors:
        errors.append(_wrong(1, "number", "empty", N_("The file has no homes.")))
    if len(table) > MAX_ROWS:
        errors.append(_wrong(MAX_ROWS, "number", "too-many", N_("The file has too many rows.")))
    return tuple(rows), errors


def refuse_rows(errors: Sequence[FieldError]) -> None:
    """Raises HomesNotImported when any row is wrong."""
    if errors:
        bad_rows = len({error.pointer.split("/")[2] for error in errors})
        ordered = sorted(errors, key=lambda error: int(error.pointer.split("/")[2]))
        raise HomesNotImported(bad_rows=bad_rows, errors=tuple(ordered))


def _table(text: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        raise _no_list("unreadable", N_("The file is no CSV.")) from None


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _no_list("encoding", N_("The file is neither UTF-8 nor GB 18030."))


def _no_list(code: str, detail: str) -> HomesNotImported:
    return HomesNotImported(bad_rows=1, errors=(_wrong(1, "number", code, detail),))


def _heading(cells: Sequence[str]) -> list[str]:
    columns = COLUMNS | OPTIONAL_COLUMNS
    by_name = {chinese: name for name, chinese in columns.items()} | {
        name: name for name in columns
    }
    names = [by_name.get(cell.strip(), "") for cell in cells]
    missing = [name for name in COLUMNS if names.count(name) != 1]
    missing += [name for name in OPTIONAL_COLUMNS if names.count(name) > 1]
    refuse_rows(
        [
            _wrong(1, name, "column-missing", N_("The column {name} is missing."), name=name)
            for name in missing
        ]
    )
    return names


def _read_row(line: int, cells: Mapping[str, str], errors: list[FieldError]) -> HomeRow | None:
    """One row, or None with what is wrong added to the errors."""
    text = {name: cells.get(name, "").strip() for name in (*COLUMNS, *OPTIONAL_COLUMNS)}
    area = _area(text["area_m2"])
    source = _SOURCES.get(text["area_source"], text["area_source"])
    kind = _KINDS.get(text["owner_kind"], text["owner_kind"])
    use = _USES.get(text["use"], text["use"])
    delivered_on = _day(text["delivered_on"])
    checks = {
        "building": 0 < len(text["building"]) <= MAX_CODE,
        "stair": len(text["stair"]) <= MAX_CODE,
        "number": 0 < len(text["number"]) <= MAX_CODE,
        "area_m2": area is not None,
        "area_source": source in set(AreaSource),
        "delivered_on": delivered_on is not None or not text["delivered_on"],
        "owner_kind": kind in set(OwnerKind),
        "owner_name": 0 < len(text["owner_name"]) <= 200,
        "identity_number": kind not in set(OwnerKind)
        or is_identity(OwnerKind(kind), text["identity_number"]),
        "use": use in set(HomeUse),
    }
    wrong = [
        _wrong(line, name, *(_WRONG[name] if text[name].isprintable() else _UNPRINTABLE))
        for name, holds in checks.items()
        if not (holds and text[name].isprintable())
    ]
    errors.extend(wrong)
    if wrong or area is None:
        return None
    return HomeRow(
        line=line,
        building=text["building"],
        stair=text["stair"],
        number=text["number"],
        area_dm2=area,
        area_source=AreaSource(source),
        delivered_on=delivered_on,
        owner_kind=OwnerKind(kind),
        owner_name=text["owner_name"],
        identity_number=_normal(text["identity_number"]),
        use=HomeUse(use),
    )


_UNPRINTABLE = ("unprintable", N_("There are control characters here."))
_WRONG = {
    "building": ("missing", N_("The building is missing or too long.")),
    "stair": ("too-long", N_("The stair is too long.")),
    "number": ("missing", N_("The number of the home is missing or too long.")),
    "area_m2": ("area", N_("The area must be in m² with at most two decimals, above zero.")),
    "area_source": (
        "area-source",
        N_("The source of the area is registered, surveyed or contract."),
    ),
    "delivered_on": ("date", N_("A date is written like 2025-09-30; empty means not delivered.")),
    "owner_kind": ("owner-kind", N_("The kind of owner is person, organisation or developer.")),
    "owner_name": ("missing", N_("The name of the owner is missing or too long.")),
    "identity_number": (
        "identity",
        N_("The identity number or credit code is wrong; look at it again."),
    ),
    "use": ("use", N_("The use is dwelling, shop or parking; empty means dwelling.")),
}


def _contradictions(rows: Sequence[HomeRow]) -> list[FieldError]:
    """Rows that are right alone and wrong beside each other; the later one is named."""
    errors: list[FieldError] = []
    first: dict[tuple[str, str, str], HomeRow] = {}
    named: dict[str, HomeRow] = {}
    seen: set[tuple[tuple[str, str, str], str]] = set()
    for row in rows:
        home = first.setdefault(row.place, row)
        owner = named.setdefault(row.identity_number, row)
        if (row.place, row.identity_number) in seen:
            errors.append(
                _wrong(row.line, "number", "twice", N_("This home and owner stand here twice."))
            )
        seen.add((row.place, row.identity_number))
        if _facts(row) != _facts(home):
            message = N_("Line {first_line} says otherwise about the same home.")
            errors.append(
                _wrong(row.line, "number", "contradiction", message, first_line=home.line)
            )
        if (row.owner_name, row.owner_kind) != (owner.owner_name, owner.owner_kind):
            message = N_("Line {first_line} has this identity number under another name or kind.")
            errors.append(
                _wrong(row.line, "identity_number", "name-differs", message, first_line=owner.line)
            )
    return errors


def _facts(row: HomeRow) -> tuple[int, AreaSource, date | None, HomeUse]:
    return (row.area_dm2, row.area_source, row.delivered_on, row.use)


def _area(text: str) -> int | None:
    try:
        area_dm2 = fen(text)
    except ValueError:
        return None
    return area_dm2 if 0 < area_dm2 <= MAX_AREA_DM2 else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None


def _wrong(line: int, column: str, code: str, detail: str, **facts: object) -> FieldError:
    return FieldError(pointer=f"/lines/{line}/{column}", code=code, detail=detail, facts=facts)


def other_home(row: HomeRow) -> FieldError:
    """A home that is already here with other facts or other owners."""
    message = N_("This home is already here with other facts; change it by a transfer.")
    return _wrong(row.line, "number", "home-differs", message)


def other_owner(row: HomeRow) -> FieldError:
    """An identity number that is already here under another name."""
    return _wrong(row.line, "identity_number", "name-differs", OwnerNameDiffers.detail)
