"""Versions of the trust instrument: what an amendment may change, and which version holds."""

from datetime import date

import asyncpg
import pytest

from tests.make import compounds as make
from tests.make.ground import new_id
from trustprop.compounds import rules, service
from trustprop.compounds.model import (
    Firm,
    InstrumentAmendment,
    RemunerationKind,
    RemunerationRule,
    TrustInstrument,
)
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import FieldsInvalid
from trustprop.plumbing.database import Tx

TODAY = date(2025, 9, 15)
OCTOBER = date(2025, 10, 1)
MORE = RemunerationRule(kind=RemunerationKind.FIXED, fixed_fen_per_month=1_500_000)
ANOTHER = Firm(name="新物业", credit_code=make.credit_code(5), address="示例路 3 号")


def amendment(**changes: object) -> InstrumentAmendment:
    values = {
        "instrument_id": new_id(),
        "resolution_id": new_id(),
        "effective_from": OCTOBER,
        "remuneration": MORE,
    }
    return InstrumentAmendment(**(values | changes))


def first(**changes: object) -> TrustInstrument:
    return rules.as_instrument(make.founding(**changes), new_id())


def test_an_amendment_keeps_what_it_does_not_name() -> None:
    before = first()
    command = amendment()
    after = rules.amend(before, command, new_id())
    assert (after.version, after.remuneration) == (2, MORE)
    assert (after.trustee, after.purpose, after.ends_on) == (
        before.trustee,
        before.purpose,
        before.ends_on,
    )
    assert after.resolution_id == command.resolution_id


def test_another_trustee_brings_its_own_term() -> None:
    ends_on = date(2028, 9, 30)
    after = rules.amend(first(), amendment(trustee=ANOTHER, ends_on=ends_on), new_id())
    assert (after.trustee, after.ends_on) == (ANOTHER, ends_on)


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"effective_from": date(2025, 9, 14)}, "/effective_from", "past"),
        ({"remuneration": None}, "/remuneration", "nothing"),
        ({"ends_on": date(2026, 1, 1)}, "/ends_on", "term"),
        ({"trustee": ANOTHER, "ends_on": OCTOBER}, "/ends_on", "term"),
        (
            {"trustee": Firm(name="新物业", credit_code="1", address="x")},
            "/trustee/credit_code",
            "credit-code",
        ),
        (
            {"remuneration": RemunerationRule(kind=RemunerationKind.FIXED)},
            "/remuneration/fixed_fen_per_month",
            "remuneration",
        ),
    ],
)
def test_a_wrong_amendment_names_its_field(
    changes: dict[str, object], pointer: str, code: str
) -> None:
    with pytest.raises(FieldsInvalid) as refused:
        rules.check_amendment(amendment(**changes), TODAY)
    assert [(error.pointer, error.code) for error in refused.value.errors] == [(pointer, code)]


def test_the_highest_version_that_has_begun_holds_until_it_is_over() -> None:
    before = first()
    after = rules.amend(before, amendment(trustee=ANOTHER, ends_on=date(2026, 9, 30)), new_id())
    both = (before, after)
    assert rules.instrument_in_effect(both, date(2025, 9, 30)) == before
    assert rules.instrument_in_effect(both, OCTOBER) == after
    assert rules.instrument_in_effect(both, date(2026, 9, 30)) == after
    assert rules.instrument_in_effect(both, date(2026, 10, 1)) is None
    assert rules.instrument_in_effect(both, date(2024, 12, 31)) is None


async def test_the_version_of_a_day_is_the_one_that_is_read(tx: Tx, caller: Caller) -> None:
    founding = await make.found_compound(tx, caller)
    amended = await service.amend_instrument(tx, caller, amendment(), new_id())
    september = await service.trust_instrument(tx, caller.compound_id, TODAY)
    assert september is not None
    assert (september.version, september.remuneration) == (1, founding.remuneration)
    assert await service.trust_instrument(tx, caller.compound_id, OCTOBER) == amended


async def test_the_database_wants_a_resolution_behind_every_version_but_the_first(
    tx: Tx, caller: Caller
) -> None:
    await make.found_compound(tx, caller)
    with pytest.raises(asyncpg.CheckViolationError):
        await tx.raw.execute(
            "INSERT INTO trust_instrument (compound_id, instrument_id, purpose, settlor, "
            "settlor_address, trustee, beneficiaries, property, benefit, remuneration, "
            "effective_from, act_id, version) "
            "SELECT compound_id, $1, purpose, settlor, settlor_address, trustee, beneficiaries, "
            "property, benefit, remuneration, effective_from, act_id, 2 FROM trust_instrument",
            new_id(),
        )
