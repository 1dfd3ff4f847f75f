"""The owners who take part from their own screens: each with a login, a second factor and a home."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from trustprop.demo.client import Person
from trustprop.demo.electorate import Flaw, Head, make_electorate
from trustprop.demo.stage import Stage

Item = TypeVar("Item")

CLIENTS = 4
"""At once: as many as two cores can serve."""


def sign_up(stage: Stage) -> None:
    """Sixty households register; the firm's bookkeeper ties each person to their home."""
    electorate = make_electorate(stage.world)
    stage.ids["electorate"] = electorate
    homes = {home["home_id"]: home for home in stage.bookkeeper.everything("/homes")}
    pairs = [(head, 0) for head in electorate.online]
    for flaw in (Flaw.AT_ODDS, Flaw.RECONCILED):
        pairs += [(head, 1) for head in electorate.flaws[flaw]]
    stage.ids["owners"] = {}
    people = {pair: _person(stage, *pair) for pair in pairs}
    together(stage, "owners sign up", people.values(), lambda one: _register(stage, one))
    for (head, number), person in people.items():
        home_id = stage.homes[head.homes[0].key]
        owner_id = homes[home_id]["owner_ids"][number]
        _tie(stage, person, home_id, "owner", owner_id=owner_id)
        stage.owners[(head, number)] = person
        stage.ids["owners"][(head, number)] = owner_id
    stage.say(
        f"{len(people)} owners of {len(electorate.online)} homes signed up with a second factor"
    )


def tenant(stage: Stage) -> Person:
    """Somebody who lives here and owns nothing: reads what is published, has no vote."""
    person = Person(stage.base_url, compound_id=stage.compound_id, name="房客")
    person.role = "tenant"
    _register(stage, person)
    home_id = stage.homes[stage.ids["electorate"].tenant_of.homes[0].key]
    _tie(stage, person, home_id, "occupant")
    return person


def _person(stage: Stage, head: Head, number: int) -> Person:
    owner = head.owners[number]
    person = Person(stage.base_url, compound_id=stage.compound_id, name=owner.name)
    person.role = f"owner{owner.identity_number[6:17]}"
    return person


def _register(stage: Stage, person: Person) -> None:
    person.register(stage.compound_id[-6:])
    person.sign_in(stage.clock)


def _tie(stage: Stage, person: Person, home_id: str, kind: str, **more: object) -> None:
    body = {
        "person_id": person.person_id,
        "home_id": home_id,
        "kind": kind,
        "since_on": stage.today.isoformat(),
    }
    keeper = stage.member if kind == "owner" else stage.bookkeeper
    keeper.post("/residents", body | more)


def together(
    stage: Stage, title: str, items: Iterable[Item], act: Callable[[Item], Any]
) -> list[Any]:
    """The same for each, by a few clients at once, with a bar on a terminal; in the items' order."""
    every: Sequence[Item] = list(items)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    hidden = not stage.console.is_terminal
    with (
        Progress(*columns, console=stage.console, transient=True, disable=hidden) as progress,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        return list(progress.track(clients.map(act, every), len(every), description=title))
