"""The integrity queries of compounds and meetings: empty on a sound story, loud on a tampered one."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make import compounds as make_compounds
from tests.make import meetings as make
from tests.make.acts import Person
from tests.make.ground import make_caller, new_id
from tests.make.identity import make_signing_key, prove
from tests.meetings.test_service import draft_of, founding_of
from trustprop.acts import service as acts
from trustprop.acts.model import Act
from trustprop.compounds import rules as compound_rules
from trustprop.compounds import service as compounds
from trustprop.compounds import store as compounds_store
from trustprop.kernel.caller import Caller, Office
from trustprop.meetings import service, store
from trustprop.meetings.model import Matter, ResolutionState
from trustprop.plumbing import checks
from trustprop.plumbing.database import Tx


async def broken(tx: Tx) -> list[str]:
    """The names of the rules that do not hold."""
    names = [name for name in checks.queries() if name.startswith(("compounds:", "meetings:"))]
    assert len(names) > 16
    return [name for name in names if await tx.raw.fetch(checks.queries()[name])]


@pytest.fixture
async def story(tx: Tx, caller: Caller) -> Caller:
    """A compound founded by real signatures, with one decision confirmed; its director."""
    await make_compounds.add_compound(tx, caller)
    founders = []
    for office in (Office.TRUSTEE_MANAGER, Office.COMMITTEE_DIRECTOR):
        person = make_caller(office, compound_id=caller.compound_id)
        key = make_signing_key(person.person_id)
        await prove(tx, person, key)
        founders.append(Person(person, key))
    operator = replace(caller, person_id=None, mandates=(), scopes=frozenset({"operator"}))
    await compounds.import_homes(tx, operator, make_compounds.compound_k(), make.LISTED)
    founding = draft_of(founding_of(*founders))
    await sign(tx, founders, await service.draft_founding(tx, operator, founding))
    await make.add_minutes(tx, caller.compound_id)
    director = founders[1].caller
    recorded = await service.record(tx, director, make.record_command())
    await sign(tx, founders, await acts.lock(tx, caller.compound_id, recorded.act_id))
    return director


async def sign(tx: Tx, founders: list[Person], act: Act) -> None:
    for person in founders:
        await make_acts.sign(tx, person, act, service.EFFECTS)


async def test_a_sound_story_breaks_no_rule(tx: Tx, story: Caller) -> None:
    assert await broken(tx) == []


async def _mandate_without_act(tx: Tx, director: Caller) -> None:
    await compounds_store.add_mandate(tx, director.compound_id, make_compounds.term())


async def _text_without_act(tx: Tx, director: Caller) -> None:
    text = compound_rules.as_text(make_compounds.text(), 2, new_id())
    await compounds_store.add_text(tx, director.compound_id, text)


async def _home_without_owner(tx: Tx, director: Caller) -> None:
    home = (await compounds.homes(tx, director.compound_id))[0]
    await compounds_store.end_ownership(tx, director.compound_id, home.home_id, date(2025, 9, 1))


async def _open_without_instrument(tx: Tx, director: Caller) -> None:
    await tx.raw.execute("UPDATE compound SET state = 'founding'")


async def _confirmed_without_act(tx: Tx, director: Caller) -> None:
    await make.add_resolution(tx, director, Matter.FEE)


async def _number_skipped(tx: Tx, director: Caller) -> None:
    await store.add(tx, director.compound_id, make.resolution(number="2025-009"))


async def _minutes_missing(tx: Tx, director: Caller) -> None:
    made = make.resolution(number="2025-002", minutes=("cd" * 32,), state=ResolutionState.RECORDED)
    await store.add(tx, director.compound_id, made)


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (
            _mandate_without_act,
            "compounds: mandates come from a signed act or a resolution that elects",
        ),
        (_text_without_act, "compounds: texts come from a signed act or a resolution about texts"),
        (_home_without_owner, "compounds: every home has an owner today"),
        (_open_without_instrument, "compounds: an open compound has a trust instrument"),
        (_confirmed_without_act, "meetings: outcomes come from acts that ended so"),
        (_number_skipped, "meetings: resolutions are numbered without gaps"),
        (_minutes_missing, "meetings: minutes are among the evidence"),
    ],
)
async def test_what_no_command_would_do_is_found(
    tx: Tx, story: Caller, tamper: Callable[[Tx, Caller], Awaitable[Any]], found: str
) -> None:
    await tamper(tx, story)
    assert await broken(tx) == [found]
