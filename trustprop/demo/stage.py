"""What the chapters share: the clients, the clock of the rehearsal and the ids made on the way."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from trustprop.demo.client import Client, Person, new_id
from trustprop.demo.papers import BankLine
from trustprop.demo.world import World

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Stage:
    """One running service and everybody who talks to it."""

    base_url: str
    world: World
    console: Console
    operator: Client
    compound_id: str
    manager: Person
    bookkeeper: Person
    director: Person
    member: Person
    supervisor: Person
    vendor_software: dict[str, Client] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)
    homes: dict[tuple[str, str, str], str] = field(default_factory=dict)
    owners: dict[Any, Person] = field(default_factory=dict)
    """Who votes from their own screen, by head and number among its co-owners."""
    bank: dict[str, list[BankLine]] = field(default_factory=lambda: {"100201": [], "100202": []})
    now: datetime = datetime(2025, 8, 20, 1, 0, tzinfo=UTC)

    turned_at_s: float = field(default_factory=monotonic)
    """When the clock was turned: from there on it goes like any other."""

    @property
    def people(self) -> tuple[Person, ...]:
        return self.manager, self.bookkeeper, self.director, self.member, self.supervisor

    @property
    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    @property
    def clock(self) -> datetime:
        """What the rehearsal's clock shows at this moment."""
        return self.now + timedelta(seconds=monotonic() - self.turned_at_s)

    @property
    def expires_at(self) -> str:
        return rfc3339(self.now + timedelta(days=20))

    def turn_to(self, on: date, hour: int = 9, minute: int = 0) -> None:
        """Moves the rehearsal's clock forward to an hour of this day in Shanghai."""
        self.now = datetime.combine(on, time(hour, minute), tzinfo=ZONE).astimezone(UTC)
        self.operator.post("/v1/rehearsal/clock", {"at": rfc3339(self.now)})
        self.turned_at_s = monotonic()

    def both_sign(self, act_id: str, *, owners: Person | None = None) -> Any:
        """The trustee's manager, then a member of the committee, each with a key of their own."""
        self.manager.sign_act(act_id)
        act = (owners or self.director).sign_act(act_id)
        assert act["state"] == "signed"
        return act

    def on_bank(
        self, account: str, day: int, amount_fen: int, other: str, memo: str, reference: str
    ) -> None:
        """What the bank will show for it."""
        self.bank[account].append(BankLine(date(2025, 9, day), amount_fen, other, memo, reference))

    def say(self, text: str) -> None:
        self.console.print(
            f"[dim]{self.now.astimezone(ZONE):%Y-%m-%d %H:%M}[/dim]  {text}", soft_wrap=True
        )

    def remember(self, name: str) -> str:
        """A new id under a name, so that a later chapter finds it."""
        self.ids[name] = new_id()
        return str(self.ids[name])


def rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
