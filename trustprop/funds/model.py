"""What a fund is, which bank accounts hold the compound's money, and a transfer between funds."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.kernel.money import MAX_FEN
from trustprop.kernel.struct import Command, Fact

FundCode = Annotated[str, Meta(pattern=r"^(OP|PR|RS|MF|AG|PJ-[0-9]{3})$")]
AccountCode = Annotated[str, Meta(pattern=r"^[0-9]{4,8}$")]
Name = Annotated[str, Meta(min_length=1, max_length=120)]
Purpose = Annotated[str, Meta(min_length=1, max_length=1000)]


class FundKind(StrEnum):
    OPERATIONS = "OP"
    """运营."""
    PUBLIC_REVENUE = "PR"
    """公共收益."""
    RESERVE = "RS"
    """业主大会指定储备."""
    MAINTENANCE = "MF"
    """专项维修资金."""
    AGENCY = "AG"
    """代收代付与押金: nobody's surplus, only what is owed."""
    PROJECT = "PJ"
    """项目 / 捐赠限定, numbered ``PJ-001`` on."""


class Fund(Fact):
    """Money with its own purpose; an entry balances inside each fund."""

    code: str
    name_zh: str
    name_en: str
    is_restricted: bool
    """Never below zero, and never spent on anything else (专款专用)."""
    purpose: str
    equity_account: str
    """The net assets of the fund (3…); empty for agency money, which has none."""

    @property
    def kind(self) -> FundKind:
        return FundKind(self.code[:2])


class Claim(Fact):
    """What one bank account holds for a fund."""

    account_code: str
    amount_fen: int


class FundBalance(Fact):
    """A fund with its figures."""

    code: str
    name_zh: str
    name_en: str
    is_restricted: bool
    purpose: str
    equity_account: str
    balance_fen: int
    """Net assets; for agency money what is owed."""
    claims: tuple[Claim, ...]
    """Its money, bank account by bank account."""


class EstablishFund(Command):
    """A standard code brings its own names, purpose and account; a project names them all."""

    code: FundCode
    name_zh: Name | None = None
    name_en: Name | None = None
    purpose: Purpose | None = None


class HolderKind(StrEnum):
    """In whose name an account of the compound may stand; a person is never among them."""

    ASSEMBLY = "assembly"
    """业主大会 (Hangzhou 60)."""
    COMMITTEE = "committee"
    """业主委员会."""
    TRUSTEE = "trustee"
    """The firm's dedicated joint account (共管账户, Beijing 72)."""
    CUSTODIAN = "custodian"
    """A trust company or the government's maintenance-fund custody."""


class BankAccountState(StrEnum):
    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    REPLACED = "replaced"
    ENDED = "ended"
    """Rejected, withdrawn or expired before it took effect."""


class BankAccount(Fact):
    """One of the compound's own accounts, with the number as the bank writes it.

    The number is for bank files only; whatever is shown uses :class:`MaskedBankAccount`.
    """

    proposal_id: UUID
    account_code: str
    """The cash account of the ledger that mirrors it, such as ``100201``."""
    title: str
    bank: str
    branch_code: str
    """联行号, twelve digits."""
    holder_kind: HolderKind
    holder: str
    number: str
    funds: tuple[str, ...]
    """The funds that may have money in it."""
    state: BankAccountState
    act_id: UUID
    proposed_by: UUID | None
    proposed_at: datetime
    in_force_at: datetime | None = None


class MaskedBankAccount(Fact):
    """A bank account as anybody may see it."""

    proposal_id: UUID
    account_code: str
    title: str
    bank: str
    branch_code: str
    holder_kind: HolderKind
    holder: str
    number: str
    """Masked: only the last four digits."""
    funds: tuple[str, ...]
    state: BankAccountState
    act_id: UUID
    proposed_at: datetime
    in_force_at: datetime | None


class ProposeBankAccount(Command):
    """A new account, or another number or other funds for one in force. Both sides sign it."""

    id: UUID
    account_code: AccountCode
    title: Name
    bank: Name
    holder_kind: HolderKind
    holder: Name
    number: Annotated[str, Meta(pattern=r"^[0-9][0-9 -]{6,38}[0-9]$")]
    funds: Annotated[tuple[FundCode, ...], Meta(min_length=1, max_length=50)]
    branch_code: Annotated[str, Meta(pattern=r"^([0-9]{12})?$")] = ""


class MakeTransfer(Command):
    """Money from one fund to another inside one bank account, as a resolution decided.

    Between two bank accounts money only moves by a payment order.
    """

    id: UUID
    from_fund: FundCode
    to_fund: FundCode
    bank_account: AccountCode
    amount_fen: Annotated[int, Meta(gt=0, le=MAX_FEN)]
    transferred_on: date
    memo: Annotated[str, Meta(min_length=1, max_length=500)]
    resolution_id: UUID


class Transfer(Fact):
    transfer_id: UUID
    """Also the id of the entry that it posted."""
    number: int
    """The entry's number in the journal."""
    from_fund: str
    to_fund: str
    bank_account: str
    amount_fen: int
    transferred_on: date
    memo: str
    resolution_id: UUID
    transferred_by: UUID | None
    transferred_at: datetime
