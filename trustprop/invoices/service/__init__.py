"""What the house does: vendors and contracts, invoices from submission to payment."""

from collections.abc import Mapping

from trustprop.acts.service import Effect
from trustprop.invoices.model import CONTRACT_ACT, VENDOR_ACCOUNT_ACT
from trustprop.invoices.service.acceptance import accept, record_platform_check, reject, withdraw
from trustprop.invoices.service.contracts import (
    contract_ended,
    contract_signed,
    draft_contract,
    end_contract,
    list_contracts,
    read_contract,
)
from trustprop.invoices.service.payment import (
    lock_for_payment,
    mark_accepted_again,
    mark_ordered,
    mark_released,
    unpaid_fen,
)
from trustprop.invoices.service.reading import list_invoices, read
from trustprop.invoices.service.submission import foreseen, submit, submit_batch, submit_once
from trustprop.invoices.service.taking_back import take_back
from trustprop.invoices.service.vendors import (
    account_ended,
    account_signed,
    admit_vendor,
    check_related_party,
    draft_vendor_account,
    find_vendor,
    list_vendors,
    read_accounts,
    read_vendor,
    register_vendor,
    suspend_vendor,
    vendor_account,
)

EFFECTS: Mapping[str, Effect] = {
    VENDOR_ACCOUNT_ACT: Effect(on_signed=account_signed, on_ended=account_ended),
    CONTRACT_ACT: Effect(on_signed=contract_signed, on_ended=contract_ended),
}

__all__ = [
    "EFFECTS",
    "accept",
    "admit_vendor",
    "check_related_party",
    "draft_contract",
    "draft_vendor_account",
    "end_contract",
    "find_vendor",
    "foreseen",
    "list_contracts",
    "list_invoices",
    "list_vendors",
    "lock_for_payment",
    "mark_accepted_again",
    "mark_ordered",
    "mark_released",
    "read",
    "read_accounts",
    "read_contract",
    "read_vendor",
    "record_platform_check",
    "register_vendor",
    "reject",
    "submit",
    "submit_batch",
    "submit_once",
    "suspend_vendor",
    "take_back",
    "unpaid_fen",
    "vendor_account",
    "withdraw",
]
