"""The accounts and fund codes of a compound."""

from uuid import UUID

from msgspec.structs import asdict

from trustprop.kernel.caller import Caller, Office
from trustprop.ledger import rules
from trustprop.ledger.model import Account, Chart, LedgerFund, OpenAccount
from trustprop.ledger.store import chart as store
from trustprop.plumbing.database import Tx


async def chart(tx: Tx, compound_id: UUID) -> Chart:
    """Every account and fund by code, closed ones too."""
    accounts = await store.accounts(tx, compound_id)
    funds = await store.funds(tx, compound_id)
    return Chart(
        accounts={account.code: account for account in accounts},
        funds={fund.fund: fund for fund in funds},
    )


async def accounts(tx: Tx, compound_id: UUID) -> tuple[Account, ...]:
    """In code order."""
    return await store.accounts(tx, compound_id)


async def add_default_accounts(tx: Tx, caller: Caller) -> None:
    """The chart that every compound begins with; accounts there already stay as they are."""
    await store.add_accounts(tx, caller.compound_id, rules.default_accounts())


async def open_account(tx: Tx, caller: Caller, command: OpenAccount) -> Account:
    """An account of the compound's own, in a group of the default chart.

    Raises AccountNotOpen when the chart has no such group, AccountExists when the code is taken.
    """
    caller.check_office_or_scope("books:write", Office.TRUSTEE_BOOKKEEPER, Office.TRUSTEE_MANAGER)
    group = await store.find_account(tx, caller.compound_id, command.code[:4])
    opened = rules.open_account(command, group)
    await store.add_accounts(tx, caller.compound_id, (opened,))
    standing = await store.find_account(tx, caller.compound_id, command.code)
    if standing != opened:
        raise rules.AccountExists(account=command.code)
    return opened


async def open_fund(tx: Tx, caller: Caller, code: str, is_restricted: bool) -> LedgerFund:
    """Lets postings use a fund code; called by the house ``funds``, which knows what it is for.

    Raises FundExists when the code stands for another kind of fund.
    """
    opened = LedgerFund(fund=code, is_restricted=is_restricted)
    await store.add_fund(tx, caller.compound_id, opened)
    standing = {fund.fund: fund for fund in await store.funds(tx, caller.compound_id)}[code]
    if asdict(standing) != asdict(opened):
        raise rules.FundExists(fund=code)
    return opened
