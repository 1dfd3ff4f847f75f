"""Who asks, in which compound, with which mandate, and when."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from trustprop.kernel.errors import N_, Forbidden


class Party(StrEnum):
    """Whose mandate it is. Money needs two different persons of two different parties."""

    TRUSTEE = "trustee"
    """受托方: the property firm."""
    OWNERS = "owners"
    """业主方: the owners' committee, signing for the assembly."""
    SUPERVISOR = "supervisor"
    """监督方: reads everything, pays nothing."""


class Office(StrEnum):
    """What a mandate entitles to; each belongs to exactly one party."""

    TRUSTEE_MANAGER = "trustee_manager"
    TRUSTEE_BOOKKEEPER = "trustee_bookkeeper"
    COMMITTEE_DIRECTOR = "committee_director"
    COMMITTEE_MEMBER = "committee_member"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"

    @property
    def party(self) -> Party:
        return _PARTY_OF[self]

    @property
    def may_sign(self) -> bool:
        """Whether this office signs for its party; bookkeepers and watchers do not."""
        return self in _SIGNING


_PARTY_OF = {
    Office.TRUSTEE_MANAGER: Party.TRUSTEE,
    Office.TRUSTEE_BOOKKEEPER: Party.TRUSTEE,
    Office.COMMITTEE_DIRECTOR: Party.OWNERS,
    Office.COMMITTEE_MEMBER: Party.OWNERS,
    Office.SUPERVISOR: Party.SUPERVISOR,
    Office.AUDITOR: Party.SUPERVISOR,
}
_SIGNING = {Office.TRUSTEE_MANAGER, Office.COMMITTEE_DIRECTOR, Office.COMMITTEE_MEMBER}


class Mandate(Struct, frozen=True, kw_only=True):
    """An office in force for the caller now."""

    mandate_id: UUID
    office: Office

    @property
    def party(self) -> Party:
        return self.office.party


class Caller(Struct, frozen=True, kw_only=True):
    """The one who asks. Made at the edge, passed down unchanged."""

    compound_id: UUID
    person_id: UUID | None = None
    """None for a machine (API key) and for the anonymous public."""
    credential_id: UUID | None = None
    """The session or API key; None for the anonymous public."""
    vendor_id: UUID | None = None
    """Set when the credential is a vendor's API key: it sees its own invoices only."""
    mandates: tuple[Mandate, ...] = ()
    scopes: frozenset[str] = frozenset()
    """Scopes of an API key, such as ``invoices:write``; a person's session has none."""
    is_resident: bool = False
    """An owner or occupant of a home here, signed in."""
    at: datetime
    """The instant of the request, UTC."""
    language: str = "zh-CN"
    request_id: str = ""

    @property
    def offices(self) -> frozenset[Office]:
        return frozenset(mandate.office for mandate in self.mandates)

    @property
    def parties(self) -> frozenset[Party]:
        return frozenset(mandate.party for mandate in self.mandates)

    def check_office(self, *offices: Office) -> None:
        """Raises OfficeNeeded unless one of these offices is held now."""
        if not self.offices & set(offices):
            raise OfficeNeeded(needed=", ".join(sorted(offices)))

    def check_office_or_scope(self, scope: str, *offices: Office) -> None:
        """Raises OfficeNeeded or ScopeNeeded unless a person's office or a key's scope allows it."""
        if self.person_id is None:
            self.check_scope(scope)
        else:
            self.check_office(*offices)

    def check_scope(self, scope: str) -> None:
        """Raises ScopeNeeded unless the API key carries this scope."""
        if scope not in self.scopes:
            raise ScopeNeeded(needed=scope)

    def check_reads_books(self) -> None:
        """Vouchers and unpublished books: any office holder, or a key with ``books:read``."""
        if not self.mandates and "books:read" not in self.scopes:
            raise OfficeNeeded(needed=", ".join(sorted(Office)))


class OfficeNeeded(Forbidden):
    code = "office-needed"
    detail = N_("This needs one of these offices: {needed}.")
    needed: str


class ScopeNeeded(Forbidden):
    code = "scope-needed"
    detail = N_("This API key lacks the scope {needed}.")
    needed: str
