"""What holds for funds, for the compound's own bank accounts and for transfers."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from trustprop.funds.model import (
    BankAccount,
    BankAccountState,
    Claim,
    EstablishFund,
    Fund,
    FundBalance,
    FundKind,
    MakeTransfer,
    MaskedBankAccount,
    ProposeBankAccount,
    Transfer,
)
from trustprop.kernel.canonical import digest
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid
from trustprop.ledger.model import Balance, is_cash
from trustprop.meetings.model import Matter

OWED = ("2",)
NET_ASSETS = ("3", "4", "5")
"""What belongs to a fund: its net assets with the income and expense of open years."""

STANDARD: Mapping[FundKind, Fund] = {
    fund.kind: fund
    for fund in (
        Fund(
            code="OP",
            name_zh="运营",
            name_en="operations",
            is_restricted=False,
            purpose="物业服务与日常运行 The service and the daily running of the compound",
            equity_account="310101",
        ),
        Fund(
            code="PR",
            name_zh="公共收益",
            name_en="public revenue",
            is_restricted=True,
            purpose="共有部分的收益，归全体业主 Revenue of the common parts, which belongs to all owners",
            equity_account="310201",
        ),
        Fund(
            code="RS",
            name_zh="业主大会指定储备",
            name_en="designated reserve",
            is_restricted=True,
            purpose="业主大会指定的储备 What the assembly has set aside",
            equity_account="310102",
        ),
        Fund(
            code="MF",
            name_zh="专项维修资金",
            name_en="maintenance fund",
            is_restricted=True,
            purpose="共有部分保修期满后的大中修与更新改造 Repair and renewal of common parts after warranty",
            equity_account="310202",
        ),
        Fund(
            code="AG",
            name_zh="代收代付与押金",
            name_en="agency and deposits",
            is_restricted=True,
            purpose="代收代付款项与押金 Money held for others",
            equity_account="",
        ),
    )
}
PROJECT_EQUITY = "310203"

ORGANISATION_WORDS = (
    "业主大会",
    "业主委员会",
    "业委会",
    "公司",
    "管理委员会",
    "居民委员会",
    "街道办事处",
    "中心",
    "信托",
    "assembly",
    "committee",
    "company",
    "co.",
    "ltd",
    "trust",
)


class FundAlreadyDiffers(Conflict):
    code = "fund-already-differs"
    detail = N_("The fund {fund} is already there with other names or another purpose.")
    fund: str


class FundMissing(Conflict):
    code = "fund-missing"
    detail = N_("There is no fund {fund} here.")
    fund: str


class HolderIsPerson(Conflict):
    """Hangzhou 60, Qingyuan 57."""

    code = "bank-account-holder-is-person"
    detail = N_("The compound's money is never held in a person's name.")


class BankAccountMissing(Conflict):
    code = "bank-account-missing"
    detail = N_("The account {account} has no bank account in force.")
    account: str


class FundNotInBankAccount(Conflict):
    code = "fund-not-in-bank-account"
    detail = N_("The bank account {account} may not hold money of the fund {fund}.")
    account: str
    fund: str


class FundStillInBankAccount(Conflict):
    code = "fund-still-in-bank-account"
    detail = N_("The fund {fund} still has {amount_fen} in the account {account}.")
    account: str
    fund: str
    amount_fen: int


class NotACashAccount(Conflict):
    code = "not-a-cash-account"
    detail = N_("The account {account} is no open bank account of the ledger.")
    account: str


class TransferDiffers(Conflict):
    code = "transfer-differs"
    detail = N_("This id already stands for another transfer.")


class BankAccountDiffers(Conflict):
    code = "bank-account-differs"
    detail = N_("This id already stands for another proposal.")


def establish(command: EstablishFund) -> Fund:
    """A standard fund with its own words, or a project with all of them. Raises FieldsInvalid."""
    standard = STANDARD.get(FundKind(command.code[:2]))
    if standard is None:
        return _project(command)
    return Fund(
        code=standard.code,
        name_zh=command.name_zh or standard.name_zh,
        name_en=command.name_en or standard.name_en,
        is_restricted=standard.is_restricted,
        purpose=command.purpose or standard.purpose,
        equity_account=standard.equity_account,
    )


def _project(command: EstablishFund) -> Fund:
    named = {
        "name_zh": command.name_zh,
        "name_en": command.name_en,
        "purpose": command.purpose,
    }
    errors = tuple(
        FieldError(
            pointer=f"/{name}",
            code="missing",
            detail=N_("A project fund needs its own names and its restriction."),
        )
        for name, value in named.items()
        if not value
    )
    if errors:
        raise FieldsInvalid(errors=errors)
    return Fund(
        code=command.code,
        name_zh=command.name_zh or "",
        name_en=command.name_en or "",
        is_restricted=True,
        purpose=command.purpose or "",
        equity_account=PROJECT_EQUITY,
    )


def check_same_fund(there: Fund, again: Fund) -> None:
    """Raises FundAlreadyDiffers unless a retry asks for what is there."""
    if there != again:
        raise FundAlreadyDiffers(fund=again.code)


def propose(command: ProposeBankAccount, proposed_by: UUID | None, at: datetime) -> BankAccount:
    """The account as it is put before both sides. Raises HolderIsPerson."""
    if not is_organisation(command.holder):
        raise HolderIsPerson
    return BankAccount(
        proposal_id=command.id,
        account_code=command.account_code,
        title=command.title,
        bank=command.bank,
        branch_code=command.branch_code,
        holder_kind=command.holder_kind,
        holder=command.holder,
        number=digits(command.number),
        funds=tuple(sorted(set(command.funds))),
        state=BankAccountState.PROPOSED,
        act_id=command.id,
        proposed_by=proposed_by,
        proposed_at=at,
    )


def check_same_proposal(there: BankAccount, again: BankAccount) -> None:
    """Raises BankAccountDiffers unless a retry asks for what was proposed."""
    if _decided(there) != _decided(again):
        raise BankAccountDiffers


def act_body(account: BankAccount) -> dict[str, Any]:
    """What both sides sign: the number masked, and the digest that pins all of it."""
    body = {name: value for name, value in _decided(account).items() if name != "number"}
    body["number"] = mask(account.number)
    body["account_sha256"] = digest(_decided(account)).hex()
    return body


def check_bank_account(
    account: BankAccount,
    funds: Collection[str],
    is_cash: bool,
    held: Iterable[Balance],
) -> None:
    """Raises NotACashAccount, FundMissing or FundStillInBankAccount."""
    if not is_cash:
        raise NotACashAccount(account=account.account_code)
    for fund in account.funds:
        if fund not in funds:
            raise FundMissing(fund=fund)
    for balance in held:
        is_left_out = balance.account == account.account_code and balance.fund not in account.funds
        if is_left_out and balance.balance_fen != 0:
            raise FundStillInBankAccount(
                account=balance.account, fund=balance.fund, amount_fen=balance.balance_fen
            )


def check_labelled(account: BankAccount, funds: Iterable[str]) -> None:
    """Raises FundNotInBankAccount."""
    for fund in funds:
        if fund not in account.funds:
            raise FundNotInBankAccount(account=account.account_code, fund=fund)


def is_organisation(holder: str) -> bool:
    """Whether a bank would know this name as an organisation's."""
    name = holder.lower()
    return any(word in name for word in ORGANISATION_WORDS)


def check_transfer(
    command: MakeTransfer, funds: Collection[str], account: BankAccount | None
) -> None:
    """Raises FieldsInvalid, FundMissing, BankAccountMissing or FundNotInBankAccount."""
    if command.from_fund == command.to_fund:
        raise FieldsInvalid(
            errors=(
                FieldError(
                    pointer="/to_fund",
                    code="same-fund",
                    detail=N_("Money moves between two different funds."),
                ),
            )
        )
    for fund in (command.from_fund, command.to_fund):
        if fund not in funds:
            raise FundMissing(fund=fund)
    if account is None:
        raise BankAccountMissing(account=command.bank_account)
    check_labelled(account, (command.from_fund, command.to_fund))


def matter_of_transfer(from_fund: str) -> Matter:
    """Whatever leaves the maintenance fund is a use of it (Civil Code 278(1)(5))."""
    if from_fund == FundKind.MAINTENANCE:
        return Matter.MAINTENANCE_FUND_USE
    return Matter.FUND_TRANSFER


def check_same_transfer(there: Transfer, again: MakeTransfer) -> None:
    """Raises TransferDiffers unless a retry asks for what was done."""
    done = (
        there.from_fund,
        there.to_fund,
        there.bank_account,
        there.amount_fen,
        there.transferred_on,
        there.memo,
        there.resolution_id,
    )
    if done != (
        again.from_fund,
        again.to_fund,
        again.bank_account,
        again.amount_fen,
        again.transferred_on,
        again.memo,
        again.resolution_id,
    ):
        raise TransferDiffers


def fund_balances(funds: Iterable[Fund], held: Iterable[Balance]) -> tuple[FundBalance, ...]:
    """Each fund's net assets, or what it owes, and its claims on the bank accounts."""
    by_fund: dict[str, list[Balance]] = {}
    for balance in held:
        by_fund.setdefault(balance.fund, []).append(balance)
    return tuple(_fund_balance(fund, by_fund.get(fund.code, [])) for fund in funds)


def _fund_balance(fund: Fund, held: Iterable[Balance]) -> FundBalance:
    classes = OWED if fund.kind is FundKind.AGENCY else NET_ASSETS
    balances = sorted(held, key=lambda balance: balance.account)
    return FundBalance(
        code=fund.code,
        name_zh=fund.name_zh,
        name_en=fund.name_en,
        is_restricted=fund.is_restricted,
        purpose=fund.purpose,
        equity_account=fund.equity_account,
        balance_fen=-sum(b.balance_fen for b in balances if b.account.startswith(classes)),
        claims=tuple(
            Claim(account_code=b.account, amount_fen=b.balance_fen)
            for b in balances
            if is_cash(b.account) and b.balance_fen != 0
        ),
    )


def masked(account: BankAccount) -> MaskedBankAccount:
    return MaskedBankAccount(
        proposal_id=account.proposal_id,
        account_code=account.account_code,
        title=account.title,
        bank=account.bank,
        branch_code=account.branch_code,
        holder_kind=account.holder_kind,
        holder=account.holder,
        number=mask(account.number),
        funds=account.funds,
        state=account.state,
        act_id=account.act_id,
        proposed_at=account.proposed_at,
        in_force_at=account.in_force_at,
    )


def mask(number: str) -> str:
    """``6222 0212 3456 7890`` as ``**** 7890``."""
    return f"**** {number[-4:]}"


def _decided(account: BankAccount) -> dict[str, Any]:
    return {
        "account_code": account.account_code,
        "title": account.title,
        "bank": account.bank,
        "branch_code": account.branch_code,
        "holder_kind": account.holder_kind.value,
        "holder": account.holder,
        "number": account.number,
        "funds": list(account.funds),
    }


def digits(number: str) -> str:
    """An account number without the blanks and dashes people write it with."""
    return number.replace(" ", "").replace("-", "")
