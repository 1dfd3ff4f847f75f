"""A second term: the key that somebody signed with before goes on."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make import meetings as make
from tests.make.acts import Signers, add_signer, make_signers
from tests.make.ground import SEPTEMBER, new_id
from trustprop.identity import service as identity
from trustprop.identity.model import KeyState
from trustprop.kernel.caller import Caller, Office
from trustprop.meetings import service
from trustprop.meetings.model import DraftMandate, Matter
from trustprop.plumbing.database import Tx

NEXT_TERM_ENDS = date(2030, 6, 30)


@pytest.fixture
async def signers(tx: Tx, caller: Caller) -> Signers:
    return await make_signers(tx, caller.compound_id)


async def test_a_member_elected_again_signs_on_with_the_same_key(tx: Tx, signers: Signers) -> None:
    caller = signers.director.caller
    member = await add_signer(tx, caller.compound_id, Office.COMMITTEE_MEMBER, activate=False)
    before = await identity.activate_key(tx, caller, member.key_id, new_id(), SEPTEMBER)
    election = await make.add_resolution(tx, caller, Matter.MANDATE)
    draft = DraftMandate(
        id=new_id(),
        expires_at=replace(caller, at=SEPTEMBER).at.replace(month=10),
        mandate_id=new_id(),
        person_id=member.caller.person_id,
        office=Office.COMMITTEE_MEMBER,
        valid_from=date(2028, 1, 1),
        valid_until=NEXT_TERM_ENDS,
        key_id=member.key_id,
        resolution_id=election.resolution_id,
    )
    act = await service.draft_mandate(tx, caller, draft)
    await make_acts.sign_both(tx, signers, act, service.EFFECTS)
    key = await identity.get_key(tx, caller.compound_id, member.key_id)
    assert before.expires_at == SEPTEMBER
    assert key.state is KeyState.ACTIVE
    assert key.expires_at == datetime(2030, 7, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert key.activated_by_act_id == draft.id
