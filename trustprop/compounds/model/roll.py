"""Who counts on a record date: scopes, heads and areas."""

from datetime import date
from uuid import UUID

from trustprop.compounds.model.compounds import Code
from trustprop.compounds.model.homes import Home
from trustprop.kernel.struct import Fact


class Scope(Fact):
    """Who decides: the whole compound, one building or one stair of it (受益范围)."""

    building: Code = ""
    stair: Code = ""

    def holds(self, home: Home) -> bool:
        return self.building in ("", home.building) and self.stair in ("", home.stair)

    def __str__(self) -> str:
        """``compound``, ``building:7`` or ``building:7/stair:2``."""
        if not self.building:
            return "compound"
        return f"building:{self.building}" + (f"/stair:{self.stair}" if self.stair else "")


WHOLE = Scope()


class RollEntry(Fact):
    """One home on the roll with the head it counts under."""

    home_id: UUID
    building: str
    stair: str
    number: str
    area_dm2: int
    owners: tuple[str, ...]
    """Masked: ``王**``."""
    head: int
    """Homes with the same number here count as one head; their areas all count."""


class HeadOnRoll(Fact):
    """One head with all its homes: for the votes, unmasked and never published."""

    owner_ids: tuple[UUID, ...]
    """In id order. Of the developer's head all developers, whoever has bought what is not delivered."""
    homes: tuple[Home, ...]
    """In order of building, stair and number."""
    is_developer: bool
    """What is unsold and what is sold but not delivered (Interpretation 9)."""


class HeadCount(Fact):
    """The denominators of every vote (Civil Code 278)."""

    homes: int
    heads: int
    area_dm2: int


class Roll(Fact):
    """The homes of a scope with their owners on the record date."""

    on: date
    scope: Scope
    count: HeadCount
    entries: tuple[RollEntry, ...]
