"""What funds do: establish them, label bank accounts by both sides, move money by resolution."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from trustprop.acts import service as acts
from trustprop.acts.model import Act, DraftAct
from trustprop.acts.service import Effect
from trustprop.compounds import service as compounds
from trustprop.funds import rules, store
from trustprop.funds.model import (
    BankAccount,
    BankAccountState,
    EstablishFund,
    Fund,
    FundBalance,
    MakeTransfer,
    MaskedBankAccount,
    ProposeBankAccount,
    Transfer,
)
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.ledger import service as ledger
from trustprop.ledger.model import (
    TRANSFER_IN,
    TRANSFER_OUT,
    Entry,
    EntryKind,
    Posting,
    Side,
    Source,
)
from trustprop.meetings import service as meetings
from trustprop.plumbing.database import Tx

KEEPERS = (Office.TRUSTEE_MANAGER, Office.TRUSTEE_BOOKKEEPER)
BANK_ACCOUNT_ACT = "bank-account"


# Funds


async def establish(tx: Tx, caller: Caller, command: EstablishFund) -> Fund:
    """A fund that postings may use; the same again is success.

    Raises FieldsInvalid for a project without its restriction, FundAlreadyDiffers.
    """
    caller.check_office(*KEEPERS)
    new = rules.establish(command)
    await ledger.open_fund(tx, caller, new.code, new.is_restricted)
    if not await store.add_fund(tx, caller, new):
        there = await store.find_fund(tx, caller.compound_id, new.code)
        assert there is not None
        rules.check_same_fund(there, new)
    return new


async def funds(tx: Tx, compound_id: UUID) -> tuple[Fund, ...]:
    return await store.funds(tx, compound_id)


async def codes(tx: Tx, compound_id: UUID) -> frozenset[str]:
    """The fund codes that a document may name."""
    return frozenset(fund.code for fund in await store.funds(tx, compound_id))


async def balances(tx: Tx, caller: Caller) -> tuple[FundBalance, ...]:
    """Every fund with its balance and its money in each bank account, now."""
    check_reads(caller)
    found = await ledger.balances(tx, caller.compound_id)
    return rules.fund_balances(await store.funds(tx, caller.compound_id), found)


# Bank accounts


async def propose_bank_account(
    tx: Tx, caller: Caller, command: ProposeBankAccount
) -> MaskedBankAccount:
    """Drafts the act that both sides sign for an account, or for another number or label.

    Raises HolderIsPerson, FundMissing, NotACashAccount, FundStillInBankAccount or
    BankAccountDiffers.
    """
    caller.check_office(*KEEPERS)
    account = rules.propose(command, caller.person_id, caller.at)
    there = await store.lock_proposal(tx, caller.compound_id, command.id)
    if there is not None:
        rules.check_same_proposal(there, account)
        return rules.masked(there)
    await _check_bank_account(tx, caller, account)
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    await acts.draft(
        tx,
        caller,
        DraftAct(
            act_id=account.act_id,
            kind=BANK_ACCOUNT_ACT,
            subject_id=account.proposal_id,
            body=rules.act_body(account),
            expires_at=caller.at + timedelta(days=limits.order_valid_days.value),
        ),
    )
    await store.insert_bank_account(tx, caller.compound_id, account)
    return rules.masked(account)


async def find_bank_account(tx: Tx, compound_id: UUID, account_code: str) -> BankAccount:
    """The account in force with its full number, for bank files. Raises BankAccountMissing."""
    found = await store.find_bank_account(tx, compound_id, account_code)
    if found is None:
        raise rules.BankAccountMissing(account=account_code)
    return found


async def bank_accounts(tx: Tx, compound_id: UUID) -> tuple[MaskedBankAccount, ...]:
    """The accounts in force, masked."""
    return tuple(rules.masked(found) for found in await store.bank_accounts(tx, compound_id))


async def check_holds(tx: Tx, compound_id: UUID, account_code: str, codes: Iterable[str]) -> None:
    """Raises BankAccountMissing, or FundNotInBankAccount for a fund that may not be in it."""
    account = await find_bank_account(tx, compound_id, account_code)
    rules.check_labelled(account, codes)


async def _bank_account_signed(tx: Tx, caller: Caller, act: Act) -> None:
    await ledger.lock_books(tx, caller.compound_id)
    account = await store.lock_proposal(tx, caller.compound_id, act.subject_id)
    assert account is not None
    await _check_bank_account(tx, caller, account)
    former = await store.find_bank_account(tx, caller.compound_id, account.account_code)
    if former is not None:
        await store.save_bank_account(
            tx, caller.compound_id, replace(former, state=BankAccountState.REPLACED)
        )
    await store.save_bank_account(
        tx,
        caller.compound_id,
        replace(account, state=BankAccountState.IN_FORCE, in_force_at=caller.at),
    )


async def _bank_account_ended(tx: Tx, caller: Caller, act: Act) -> None:
    account = await store.lock_proposal(tx, caller.compound_id, act.subject_id)
    assert account is not None
    await store.save_bank_account(
        tx, caller.compound_id, replace(account, state=BankAccountState.ENDED)
    )


EFFECTS: Mapping[str, Effect] = {
    BANK_ACCOUNT_ACT: Effect(on_signed=_bank_account_signed, on_ended=_bank_account_ended),
}


# Transfers


async def transfer(tx: Tx, caller: Caller, command: MakeTransfer) -> Transfer:
    """Moves money from one fund to another inside one bank account, as the assembly decided.

    The same transfer again is success. Raises FieldsInvalid, FundMissing, BankAccountMissing,
    FundNotInBankAccount, what meetings.require raises, what ledger.post raises, TransferDiffers.
    """
    caller.check_office(*KEEPERS)
    await ledger.lock_books(tx, caller.compound_id)
    there = await store.find_transfer(tx, caller.compound_id, command.id)
    if there is not None:
        rules.check_same_transfer(there, command)
        return there
    account = await store.find_bank_account(tx, caller.compound_id, command.bank_account)
    rules.check_transfer(command, await codes(tx, caller.compound_id), account)
    await _require_resolution(tx, caller, command)
    posted = await ledger.post(tx, caller, [_entry(command)])
    made = Transfer(
        transfer_id=command.id,
        number=posted[0].number,
        from_fund=command.from_fund,
        to_fund=command.to_fund,
        bank_account=command.bank_account,
        amount_fen=command.amount_fen,
        transferred_on=command.transferred_on,
        memo=command.memo,
        resolution_id=command.resolution_id,
        transferred_by=caller.person_id,
        transferred_at=caller.at,
    )
    await store.insert_transfer(tx, caller.compound_id, made)
    return made


async def transfers(tx: Tx, caller: Caller, after: UUID | None, limit: int) -> tuple[Transfer, ...]:
    check_reads(caller)
    return await store.transfers(tx, caller.compound_id, after, limit)


async def find_transfer(tx: Tx, caller: Caller, transfer_id: UUID) -> Transfer:
    """Raises Missing."""
    check_reads(caller)
    found = await store.find_transfer(tx, caller.compound_id, transfer_id)
    if found is None:
        raise Missing(kind="transfer")
    return found


def check_reads(caller: Caller) -> None:
    """Funds and their accounts (masked) are open to residents as well as to office holders."""
    if not caller.is_resident:
        caller.check_reads_books()


# Steps


def _entry(command: MakeTransfer) -> Entry:
    """借 3902 and 贷 the account in the giving fund; 借 the account and 贷 3901 in the gaining one."""
    steps = (
        (TRANSFER_OUT, command.from_fund, Side.DEBIT),
        (command.bank_account, command.from_fund, Side.CREDIT),
        (command.bank_account, command.to_fund, Side.DEBIT),
        (TRANSFER_IN, command.to_fund, Side.CREDIT),
    )
    return Entry(
        entry_id=command.id,
        kind=EntryKind.TRANSFER,
        accounting_on=command.transferred_on,
        memo=command.memo,
        lines=tuple(
            Posting(account=account, fund=fund, side=side, amount_fen=command.amount_fen)
            for account, fund, side in steps
        ),
        source=Source(kind="fund_transfer", id=command.id),
        resolution_id=command.resolution_id,
    )


async def _require_resolution(tx: Tx, caller: Caller, command: MakeTransfer) -> None:
    matter = rules.matter_of_transfer(command.from_fund)
    await meetings.require(tx, caller, command.resolution_id, matter, subject_id=command.id)


async def _check_bank_account(tx: Tx, caller: Caller, account: BankAccount) -> None:
    chart = await ledger.chart(tx, caller.compound_id)
    found = chart.accounts.get(account.account_code)
    is_cash = found is not None and found.is_open and found.is_cash
    held = await ledger.balances(tx, caller.compound_id)
    rules.check_bank_account(account, await codes(tx, caller.compound_id), is_cash, held)
