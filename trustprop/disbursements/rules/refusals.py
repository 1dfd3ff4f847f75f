"""What is refused of payment orders, of the policy and of the way to the bank."""

from trustprop.kernel.errors import N_, Conflict, Forbidden, Invalid


class OrderClosed(Conflict):
    code = "payment-order-closed"
    detail = N_("The order is {state}; this is only possible while it is {needed}.")
    state: str
    needed: str


class OrderExists(Conflict):
    code = "payment-order-exists"
    detail = N_("There is another order with this id and other content.")


class OrderExpired(Conflict):
    code = "payment-order-expired"
    detail = N_("The order expired at {expires_at}.")
    expires_at: str


class AccountNotPayable(Invalid):
    code = "account-not-payable"
    detail = N_("An order of the kind {kind} cannot pay account {account}.")
    kind: str
    account: str


class BankAccountOfAnotherFund(Invalid):
    code = "bank-account-of-another-fund"
    detail = N_("Bank account {bank_account} does not hold money of fund {fund}.")
    bank_account: str
    fund: str


class InvoicesDisagree(Invalid):
    code = "invoices-disagree"
    detail = N_(
        "All invoices of an order are of the payee and of the order's fund; {number} is not."
    )
    number: str


class InvoiceNotAccepted(Conflict):
    code = "invoice-not-accepted"
    detail = N_("Invoice {number} is {state}; only an accepted invoice can be ordered.")
    number: str
    state: str


class AmountNotSum(Invalid):
    code = "amount-not-sum"
    detail = N_("The order says {amount_fen}, its invoices sum to {sum_fen}.")
    amount_fen: int
    sum_fen: int


class CashShort(Conflict):
    code = "cash-short"
    detail = N_(
        "Fund {fund} has {balance_fen} in {bank_account}, of which {promised_fen} is promised to other orders; "
        "{amount_fen} was asked."
    )
    fund: str
    bank_account: str
    balance_fen: int
    promised_fen: int
    amount_fen: int


class LiabilityShort(Conflict):
    code = "liability-short"
    detail = N_(
        "Account {account} of fund {fund} owes {owed_fen}, of which {promised_fen} is promised already; "
        "{amount_fen} was asked."
    )
    account: str
    fund: str
    owed_fen: int
    promised_fen: int
    amount_fen: int


class VendorAccountNotUsable(Conflict):
    code = "vendor-account-not-usable"
    detail = N_("This bank account of the vendor is not usable yet, or no longer.")


class NoticeRunning(Conflict):
    code = "large-payment-notice-running"
    detail = N_(
        "A payment of this size is published {days} days before it is made; the notice ends on {until}."
    )
    days: int
    until: str


class NothingToExport(Conflict):
    code = "nothing-to-export"
    detail = N_("No released order of bank account {bank_account} waits for a bank file.")
    bank_account: str


class OrdersNotExportable(Conflict):
    code = "orders-not-exportable"
    detail = N_("These are no released orders of this bank account: {order_ids}.")
    order_ids: str


class RefundExists(Conflict):
    code = "refund-exists"
    detail = N_("There is another refund with this id and other content.")


class RefundOfAnotherLine(Invalid):
    code = "refund-of-another-line"
    detail = N_("Name account and budget line of one of the paid invoices.")


class PartlyRefunded(Conflict):
    code = "payment-partly-refunded"
    detail = N_("{refunded_fen} of this payment came back already, so it cannot return as a whole.")
    refunded_fen: int


class RefundTooLarge(Conflict):
    code = "refund-too-large"
    detail = N_("{amount_fen} cannot come back from this payment; {left_fen} of it is out.")
    amount_fen: int
    left_fen: int


class PolicyChanged(Conflict):
    code = "payment-policy-changed"
    detail = N_(
        "Payment policy {in_force} is in force, the order was drawn up under {drafted_under}; revise it."
    )
    in_force: int
    drafted_under: int


class SignaturesMissing(Conflict):
    code = "signatures-missing"
    detail = N_("The policy demands {needed} signatures of {party}; there are {present}.")
    party: str
    needed: int
    present: int


class SignedOtherContent(Conflict):
    code = "signed-other-content"
    detail = N_("What was signed is not this order as it stands.")


class DrafterMayNotSign(Forbidden):
    code = "drafter-may-not-sign"
    detail = N_("Who draws up an order may not sign it under this compound's payment policy.")


class SignatureLapsed(Conflict):
    code = "signature-lapsed"
    detail = N_(
        "A signature lost its mandate or its key before the order was released; revise the order "
        "and let somebody in office sign."
    )
    key_id: str


class SignerOnBothSides(Forbidden):
    code = "signer-on-both-sides"
    detail = N_("One person signed for both sides.")


class PolicyWaiting(Conflict):
    code = "payment-policy-superseded"
    detail = N_(
        "Version {version} of the policy was signed meanwhile; draft the next one after it."
    )
    version: int
