"""Homes, their owners and those who live in them."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.compounds.model.compounds import Name
from trustprop.kernel.struct import Command, Fact


class AreaSource(StrEnum):
    """Where an area comes from, the best first (Interpretation 8)."""

    REGISTERED = "registered"
    """登记: the real-estate register."""
    SURVEYED = "surveyed"
    """实测: the surveyor, while nothing is registered."""
    CONTRACT = "contract"
    """合同: the sales contract, while nothing is surveyed."""


class OwnerKind(StrEnum):
    PERSON = "person"
    ORGANISATION = "organisation"
    DEVELOPER = "developer"
    """建设单位: the owner of what is not sold yet."""


class Owner(Fact):
    """A registered owner. The name stays inside; the identity number is only committed to."""

    owner_id: UUID
    kind: OwnerKind
    name: str
    identity_commitment: bytes
    """HMAC-SHA256 of the identity number under the compound's secret salt."""


class HomeUse(StrEnum):
    DWELLING = "dwelling"
    SHOP = "shop"
    PARKING = "parking"
    """A separately registered parking space: in the base of a vote by a clause only."""


class Home(Fact):
    """One exclusive part (专有部分)."""

    home_id: UUID
    building: str
    stair: str
    """Empty where a building has no stairs of its own."""
    number: str
    area_dm2: int
    area_source: AreaSource
    delivered_on: date | None
    """None while the developer has not handed it over."""
    owner_ids: tuple[UUID, ...]
    """The registered owners, co-owners included, in id order."""
    use: HomeUse = HomeUse.DWELLING

    @property
    def label(self) -> str:
        """``7-2-1203`` as it stands on the door."""
        return "-".join(part for part in (self.building, self.stair, self.number) if part)

    def is_delivered(self, on: date) -> bool:
        return self.delivered_on is not None and self.delivered_on <= on


class HomeRow(Fact):
    """One good row of the CSV: one home and one of its owners."""

    line: int
    """Where it stands in the file; the heading is line 1."""
    building: str
    stair: str
    number: str
    area_dm2: int
    area_source: AreaSource
    delivered_on: date | None
    owner_kind: OwnerKind
    owner_name: str
    identity_number: str
    use: HomeUse = HomeUse.DWELLING

    @property
    def place(self) -> tuple[str, str, str]:
        return (self.building, self.stair, self.number)


class Imported(Fact):
    """What an import brought in; rows already there with the same content count as unchanged."""

    homes: int
    owners: int
    unchanged: int


class TransferHome(Command):
    """A home changes hands or is handed over; the roll of an earlier record date keeps the old owners."""

    since_on: date
    owners: Annotated[tuple["NewOwner", ...], Meta(min_length=1, max_length=20)]
    delivered_on: date | None = None
    """The day of a handover by the developer, not before ``since_on``; left out: as before."""


class NewOwner(Command):
    kind: OwnerKind
    name: Name
    identity_number: Name


class ResidentKind(StrEnum):
    OWNER = "owner"
    OCCUPANT = "occupant"
    """物业使用人: a tenant or relative; reads what is published, has no vote."""


class EnrolResident(Command):
    """Ties a signed-in person to a home after a look at the papers."""

    person_id: UUID
    home_id: UUID
    kind: ResidentKind
    since_on: date
    owner_id: UUID | None = None
    """Which of several co-owners this person is; of a single owner it need not be said."""


class Resident(Fact):
    person_id: UUID
    home_id: UUID
    kind: ResidentKind
    since_on: date
    owner_id: UUID | None = None
    """The registered owner that this person is, or stands for where it is an organisation."""
