from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make import disbursements as make
from tests.make import ledger as books
from tests.make import paying
from tests.make.budgets import line_draft
from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.make.paying import Payers
from trustprop.acts import service as acts
from trustprop.budgets import service as budgets
from trustprop.disbursements import rules, service
from trustprop.disbursements.model import (
    DraftPolicy,
    NamedPayee,
    OrderKind,
    OrderState,
    PayeeKind,
    PolicyRule,
    PolicyTerms,
    RefundOrder,
    ReturnOrder,
    ReviseOrder,
)
from trustprop.kernel.caller import Caller, Office, OfficeNeeded
from trustprop.kernel.errors import Refusal
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Tx


@pytest.fixture
async def payers(tx: Tx, caller: Caller) -> Payers:
    return await paying.make_payers(tx, caller.compound_id)


async def balance(tx: Tx, payers: Payers, account: str, fund: str = "OP") -> int:
    claims = await ledger.fund_claims(tx, payers.bookkeeper.compound_id, account)
    return sum(claim.balance_fen for claim in claims if claim.fund == fund)


def revision(order_command, **changes) -> ReviseOrder:
    fields = {name: getattr(order_command, name) for name in ReviseOrder.__struct_fields__}
    return ReviseOrder(**(fields | changes))


async def test_the_last_signature_pays_and_the_first_does_not(tx: Tx, payers: Payers) -> None:
    order = await paying.draft(tx, payers)
    await paying.sign(tx, order, payers.signers.manager)
    assert await balance(tx, payers, "100201") == paying.CASH
    await paying.sign(tx, order, payers.signers.member)
    released = await service.find(tx, payers.bookkeeper.compound_id, order.order_id)
    assert (released.state, released.number_year, released.number) == ("released", 2025, 1)
    assert await balance(tx, payers, "100201") == paying.CASH - paying.TAX
    assert await balance(tx, payers, "2206") == 0
    entry = await ledger.entry(tx, payers.bookkeeper.compound_id, order.order_id)
    assert (entry.act_id, entry.accounting_on) == (order.act_id, date(2025, 9, 12))


async def test_numbers_are_gapless_though_orders_end_otherwise(tx: Tx, payers: Payers) -> None:
    await paying.owe(tx, payers.bookkeeper, "2205", 300)
    numbers = []
    for amount_fen in (1, 2, 3):
        command = make.draft_order(amount_fen=amount_fen, account="2205")
        ended = await paying.draft(tx, payers, replace(command, id=new_id(), act_id=new_id()))
        signer = payers.signers.director.caller
        await acts.reject(tx, signer, ended.act_id, "不同意", service.EFFECTS)
        numbers.append((await paying.pay(tx, payers, command)).number)
    assert numbers == [1, 2, 3]


async def test_a_direct_expense_reserves_its_line_and_uses_it_at_release(
    tx: Tx, payers: Payers
) -> None:
    line = line_draft("5101", 5_000_000)
    await paying.add_budget(tx, payers.bookkeeper, line)
    order = await paying.draft(tx, payers, paying.expense(line))
    held = await budgets.availability(tx, payers.bookkeeper.compound_id, line.line_id)
    assert (held.reserved_fen, held.actual_fen, held.available_fen) == (4_290_000, 0, 710_000)
    await paying.sign(tx, order, *payers.both)
    used = await budgets.availability(tx, payers.bookkeeper.compound_id, line.line_id)
    assert (used.reserved_fen, used.actual_fen, used.available_fen) == (0, 4_290_000, 710_000)
    assert await balance(tx, payers, "5101") == 4_290_000


@pytest.mark.parametrize("ending", ["reject", "withdraw", "expire"])
async def test_every_other_end_frees_the_line(tx: Tx, payers: Payers, ending: str) -> None:
    line = line_draft("5101", 5_000_000)
    await paying.add_budget(tx, payers.bookkeeper, line)
    order = await paying.draft(tx, payers, paying.expense(line))
    director, clerk = payers.signers.director.caller, payers.bookkeeper
    if ending == "reject":
        await acts.reject(tx, director, order.act_id, "发票不符", service.EFFECTS)
    elif ending == "withdraw":
        await acts.withdraw(tx, clerk, order.act_id, "填错", service.EFFECTS)
    else:
        late = replace(clerk, at=order.expires_at, person_id=None, mandates=())
        await acts.expire_due(tx, late, service.EFFECTS)
    ended = await service.find(tx, payers.bookkeeper.compound_id, order.order_id)
    assert ended.state == {"reject": "rejected", "withdraw": "withdrawn"}.get(ending, "expired")
    free = await budgets.availability(tx, payers.bookkeeper.compound_id, line.line_id)
    assert (free.reserved_fen, free.available_fen) == (0, 5_000_000)


async def test_a_second_order_cannot_count_on_what_the_first_was_promised(
    tx: Tx, payers: Payers
) -> None:
    await paying.draft(tx, payers)
    with pytest.raises(Refusal, match="liability-short"):
        await paying.draft(tx, payers, make.draft_order(amount_fen=1))


async def test_the_same_draft_again_is_success_and_another_under_its_id_a_conflict(
    tx: Tx, payers: Payers
) -> None:
    command = make.draft_order()
    first = await paying.draft(tx, payers, command)
    again = await service.draft(tx, payers.bookkeeper, command, "77" * 32)
    assert again == first
    with pytest.raises(rules.OrderExists):
        await paying.draft(tx, payers, replace(command, purpose="另一件事"))


async def test_a_revised_order_has_no_signatures_and_the_old_digest_signs_nothing(
    tx: Tx, payers: Payers
) -> None:
    command = make.draft_order()
    order = await paying.draft(tx, payers, command)
    before = await paying.sign(tx, order, payers.signers.manager)
    revised = await service.revise(
        tx, payers.bookkeeper, order.order_id, revision(command, amount_fen=48_000), make.SALT
    )
    assert (revised.act_version, revised.version) == (2, 2)
    act = await acts.lock(tx, payers.bookkeeper.compound_id, order.act_id)
    assert act.signatures == ()
    old = make_acts.signature(before, payers.signers.director)
    with pytest.raises(Refusal, match="digest-changed"):
        await acts.sign(tx, payers.signers.director.caller, order.act_id, old, service.EFFECTS)
    await paying.sign(tx, order, *payers.both)
    assert await balance(tx, payers, "2206") == -620


async def test_the_drafter_and_the_reviser_sign_nothing_by_default(tx: Tx, payers: Payers) -> None:
    manager = payers.signers.manager
    order = await service.draft(tx, manager.caller, make.draft_order(), make.SALT)
    with pytest.raises(Refusal, match="self-approval"):
        await paying.sign(tx, order, manager)


async def test_another_holder_of_the_same_side_may_step_in(tx: Tx, payers: Payers) -> None:
    second = await make_acts.add_signer(tx, payers.bookkeeper.compound_id, Office.TRUSTEE_MANAGER)
    order = await service.draft(tx, payers.signers.manager.caller, make.draft_order(), make.SALT)
    await paying.sign(tx, order, second, payers.signers.member)
    released = await service.find(tx, payers.bookkeeper.compound_id, order.order_id)
    assert released.state is OrderState.RELEASED


async def test_a_policy_of_both_sides_takes_effect_and_orders_under_the_old_one_wait(
    tx: Tx, payers: Payers
) -> None:
    order = await paying.draft(tx, payers)
    terms = PolicyTerms(rules=(PolicyRule(owners=2),))
    command = DraftPolicy(act_id=new_id(), terms=terms)
    act = await service.draft_policy(tx, payers.signers.director.caller, command)
    await make_acts.sign_both(tx, payers.signers, act, service.EFFECTS)
    with pytest.raises(Refusal, match="payment-policy-changed"):
        await paying.sign(tx, order, *payers.both)


async def test_a_policy_drafted_before_another_was_signed_is_drafted_anew(
    tx: Tx, payers: Payers
) -> None:
    drafts = [
        await service.draft_policy(
            tx,
            payers.signers.director.caller,
            DraftPolicy(act_id=new_id(), terms=PolicyTerms(rules=(PolicyRule(owners=owners),))),
        )
        for owners in (1, 2)
    ]
    await make_acts.sign_both(tx, payers.signers, drafts[1], service.EFFECTS)
    with pytest.raises(rules.PolicyWaiting):
        await make_acts.sign_both(tx, payers.signers, drafts[0], service.EFFECTS)
    in_force, built_in = await service.policies(tx, payers.bookkeeper)
    assert (in_force.version, in_force.terms.rules[0].owners, built_in.version) == (1, 2, 0)


async def test_a_large_payment_needs_two_owners_and_its_ten_days(tx: Tx, payers: Payers) -> None:
    await paying.owe(tx, payers.bookkeeper, "2205", 10_000_000)
    command = make.draft_order(amount_fen=10_000_000, account="2205", pay_on=date(2025, 9, 25))
    order = await paying.draft(tx, payers, command)
    assert order.body.published_on == date(2025, 9, 15)
    (notice,) = await service.notices(tx, payers.bookkeeper)
    assert notice.payable_from == date(2025, 9, 25)
    await paying.sign(tx, order, *payers.both)
    member = payers.signers.member
    with pytest.raises(Refusal, match="large-payment-notice-running"):
        await paying.sign(tx, order, paying.later(member, SEPTEMBER + timedelta(days=9)))


async def test_after_its_ten_days_a_large_payment_is_paid(tx: Tx, payers: Payers) -> None:
    await paying.owe(tx, payers.bookkeeper, "2205", 10_000_000)
    command = make.draft_order(amount_fen=10_000_000, account="2205", pay_on=date(2025, 9, 25))
    order = await paying.draft(tx, payers, command)
    after = SEPTEMBER + timedelta(days=10)
    signers = payers.signers
    people = (signers.manager, signers.director, signers.member)
    await paying.sign(tx, order, *(paying.later(person, after) for person in people))
    released = await service.find(tx, payers.bookkeeper.compound_id, order.order_id)
    assert released.state is OrderState.RELEASED


async def test_a_dry_run_lists_every_reason_and_what_would_be_left(tx: Tx, payers: Payers) -> None:
    hopeless = make.draft_order(amount_fen=paying.CASH + 1, pay_on=date(2025, 8, 1))
    tried = await service.dry_run(tx, payers.bookkeeper, hopeless, make.SALT)
    assert [one.code for one in tried.refusals] == [
        "before-opening",
        "liability-short",
        "cash-short",
    ]
    assert (tried.is_possible, tried.fund_left_fen) == (False, -1)
    possible = await service.dry_run(tx, payers.bookkeeper, make.draft_order(), make.SALT)
    assert possible.is_possible
    assert possible.owed_left_fen == 0
    assert possible.bank_account_left_fen == paying.CASH - paying.TAX
    wanted = {one.party: (one.count, len(one.person_ids)) for one in possible.signers}
    assert wanted == {"trustee": (1, 2), "owners": (1, 3)}


async def test_the_second_tax_payment_of_the_month_is_shown_as_similar(
    tx: Tx, payers: Payers
) -> None:
    paid = await paying.pay(tx, payers)
    tried = await service.dry_run(tx, payers.bookkeeper, make.draft_order(), make.SALT)
    assert [one.order_id for one in tried.similar_orders] == [paid.order_id]


async def test_a_deposit_goes_back_out_of_what_is_held_and_no_further(
    tx: Tx, payers: Payers
) -> None:
    await books.fill_cash(tx, payers.bookkeeper, 1)
    held = books.entry(books.debit("100201", 200_000, "AG"), books.credit("220901", 200_000, "AG"))
    await ledger.post(tx, payers.bookkeeper, (held,))
    resident = NamedPayee(
        kind=PayeeKind.INDIVIDUAL, name="王小明", bank="某银行", number="6222020000001234"
    )
    deposit = make.draft_order(
        OrderKind.AGENCY, 200_000, account="220901", fund="AG", payee=resident, purpose="退装修押金"
    )
    paid = await paying.pay(tx, payers, deposit)
    assert (paid.body.payee.name, paid.body.payee.number_masked) == ("", "****1234")
    assert await balance(tx, payers, "220901", "AG") == 0
    detail = await service.detail(tx, payers.bookkeeper, paid.order_id)
    assert detail.payee.name == "王小明"
    with pytest.raises(Refusal, match="liability-short"):
        await paying.draft(tx, payers, replace(deposit, id=new_id(), act_id=new_id()))


async def test_a_prepayment_goes_back_to_the_home_that_made_it_and_no_further(
    tx: Tx, payers: Payers
) -> None:
    home, neighbour = new_id(), new_id()
    for counterparty_id in (home, neighbour):
        prepaid = books.entry(
            books.debit("100201", 30_000),
            books.credit("220301", 30_000, counterparty_id=counterparty_id),
        )
        await ledger.post(tx, payers.bookkeeper, (prepaid,))
    refund = make.draft_order(OrderKind.REFUND, 30_001, account="220301", counterparty_id=home)
    with pytest.raises(Refusal, match="liability-short"):
        await paying.draft(tx, payers, refund)
    with pytest.raises(Refusal, match="counterparty-needed"):
        await paying.draft(tx, payers, replace(refund, counterparty_id=None))
    paid = await paying.pay(tx, payers, replace(refund, amount_fen=30_000))
    assert paid.state is OrderState.RELEASED
    left = await ledger.subledger(tx, payers.bookkeeper.compound_id, "220301")
    assert {one.counterparty_id: one.balance_fen for one in left} == {neighbour: -30_000}


async def test_an_expired_order_is_signed_by_nobody(tx: Tx, payers: Payers) -> None:
    order = await paying.draft(tx, payers)
    late = paying.later(payers.signers.manager, order.expires_at)
    with pytest.raises(Refusal, match="act-expired"):
        await paying.sign(tx, order, late)


async def test_in_the_night_of_the_years_end_the_compounds_own_midnight_counts(
    tx: Tx, payers: Payers
) -> None:
    before = datetime(2025, 12, 31, 15, 59, tzinfo=UTC)
    clerk = replace(payers.bookkeeper, at=before)
    command = make.draft_order(pay_on=date(2026, 1, 1))
    order = await service.draft(tx, clerk, command, make.SALT)
    manager, director = payers.both
    await paying.sign(tx, order, paying.later(manager, before))
    with pytest.raises(Refusal, match="date-in-future"):
        await paying.sign(tx, order, paying.later(director, before))


async def test_the_first_order_of_a_new_year_has_number_one(tx: Tx, payers: Payers) -> None:
    await paying.owe(tx, payers.bookkeeper, "2205", 100)
    await paying.pay(tx, payers)
    new_year = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
    command = make.draft_order(amount_fen=100, account="2205", pay_on=date(2026, 1, 1))
    order = await service.draft(tx, replace(payers.bookkeeper, at=new_year), command, make.SALT)
    await paying.sign(tx, order, *(paying.later(person, new_year) for person in payers.both))
    released = await service.find(tx, payers.bookkeeper.compound_id, order.order_id)
    assert (released.number_year, released.number) == (2026, 1)


async def test_money_of_another_fund_is_not_paid_from_this_bank_account(
    tx: Tx, payers: Payers
) -> None:
    with pytest.raises(Refusal, match="bank-account-of-another-fund"):
        await paying.draft(tx, payers, make.draft_order(fund="PR"))


async def test_a_returned_payment_is_as_if_it_had_not_been(tx: Tx, payers: Payers) -> None:
    line = line_draft("5101", 5_000_000)
    await paying.add_budget(tx, payers.bookkeeper, line)
    paid = await paying.pay(tx, payers, paying.expense(line))
    back = ReturnOrder(reversal_id=new_id(), returned_on=date(2025, 9, 12), reason="户名不符")
    returned = await service.mark_returned(tx, payers.bookkeeper, paid.order_id, back)
    assert returned.state is OrderState.RETURNED
    assert await balance(tx, payers, "100201") == paying.CASH
    free = await budgets.availability(tx, payers.bookkeeper.compound_id, line.line_id)
    assert (free.actual_fen, free.available_fen) == (0, 5_000_000)
    with pytest.raises(rules.OrderClosed):
        await service.mark_returned(tx, payers.bookkeeper, paid.order_id, back)


async def test_a_partial_refund_gives_its_part_back_to_the_line(tx: Tx, payers: Payers) -> None:
    line = line_draft("5101", 5_000_000)
    await paying.add_budget(tx, payers.bookkeeper, line)
    paid = await paying.pay(tx, payers, paying.expense(line))
    command = RefundOrder(
        refund_id=new_id(), amount_fen=90_000, received_on=date(2025, 9, 14), memo="多付退回"
    )
    await service.refund(tx, payers.bookkeeper, paid.order_id, command)
    await service.refund(tx, payers.bookkeeper, paid.order_id, command)
    assert await balance(tx, payers, "5101") == 4_200_000
    assert await balance(tx, payers, "100201") == paying.CASH - 4_200_000
    left = await budgets.availability(tx, payers.bookkeeper.compound_id, line.line_id)
    assert left.available_fen == 800_000
    refunded = await service.find(tx, payers.bookkeeper.compound_id, paid.order_id)
    assert (refunded.refunded_fen, refunded.state) == (90_000, "released")


async def test_an_order_settles_with_its_bank_line_and_can_be_unmatched(
    tx: Tx, payers: Payers
) -> None:
    paid = await paying.pay(tx, payers)
    (waiting,) = await service.released_orders(tx, payers.bookkeeper.compound_id, "100201")
    assert (waiting.number, waiting.payee.number) == ("2025-1", make.TAX_OFFICE.number)
    line = new_id()
    await service.mark_settled(tx, payers.bookkeeper, paid.order_id, line)
    again = await service.mark_settled(tx, payers.bookkeeper, paid.order_id, line)
    assert again.state is OrderState.SETTLED
    assert await service.released_orders(tx, payers.bookkeeper.compound_id, "100201") == ()
    loose = await service.mark_unsettled(tx, payers.bookkeeper, paid.order_id)
    assert (loose.state, loose.bank_line_id) == ("released", None)


async def test_a_key_revoked_between_the_signatures_pays_nothing(tx: Tx, payers: Payers) -> None:
    manager = payers.signers.manager
    order = await paying.draft(tx, payers)
    await paying.sign(tx, order, manager)
    await paying.revoke(tx, manager)
    with pytest.raises(Refusal, match="signature-lapsed"):
        await paying.sign(tx, order, payers.signers.director)


async def test_a_mandate_that_ended_between_the_signatures_pays_nothing(
    tx: Tx, payers: Payers
) -> None:
    order = await paying.draft(tx, payers)
    passing = await make_acts.add_signer(
        tx, payers.bookkeeper.compound_id, Office.TRUSTEE_MANAGER, valid_until=date(2025, 9, 15)
    )
    await paying.sign(tx, order, passing)
    next_day = paying.later(payers.signers.director, SEPTEMBER + timedelta(days=1))
    with pytest.raises(Refusal, match="signature-lapsed"):
        await paying.sign(tx, order, next_day)


@pytest.mark.parametrize("office", [Office.COMMITTEE_DIRECTOR, Office.SUPERVISOR, Office.AUDITOR])
async def test_only_the_trustee_draws_up_orders(tx: Tx, payers: Payers, office: Office) -> None:
    caller = make_caller(office, compound_id=payers.bookkeeper.compound_id)
    with pytest.raises(OfficeNeeded):
        await service.draft(tx, caller, make.draft_order(), make.SALT)
