"""The month's books as sums: which account is what, what the entries did, what is left."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping

from trustprop.kernel.canonical import digest
from trustprop.ledger.model import Balance
from trustprop.statements.model import JournalEntry, Month, Name, Turnover

Key = tuple[str, str]
"""Fund and account."""


def is_cash(account: str) -> bool:
    """Cash, banks and the payment channel on its way to the bank (1001, 1002, 1012)."""
    return account.startswith("10")


def is_bank(account: str) -> bool:
    return account.startswith("1002")


def is_channel(account: str) -> bool:
    return account.startswith("1012")


def is_income(account: str) -> bool:
    return account.startswith("4")


def is_expense(account: str) -> bool:
    return account.startswith("5")


def is_receivable(account: str) -> bool:
    return account.startswith("1121")


def is_liability(account: str) -> bool:
    return account.startswith("2")


def movements(entries: Iterable[JournalEntry]) -> dict[Key, Turnover]:
    """What the entries did to each account of each fund."""
    debit: defaultdict[Key, int] = defaultdict(int)
    credit: defaultdict[Key, int] = defaultdict(int)
    for entry in entries:
        for line in entry.lines:
            if line.signed_fen > 0:
                debit[line.fund, line.account] += line.signed_fen
            else:
                credit[line.fund, line.account] -= line.signed_fen
    return {
        key: Turnover(fund=key[0], account=key[1], debit_fen=debit[key], credit_fen=credit[key])
        for key in sorted(debit.keys() | credit.keys())
    }


def closing_balances(
    opening: Iterable[Balance], entries: Iterable[JournalEntry]
) -> tuple[Balance, ...]:
    """Opening balances and entries added up; accounts at zero stay out."""
    return _added_up(opening, movements(entries))


def _added_up(opening: Iterable[Balance], moved: Mapping[Key, Turnover]) -> tuple[Balance, ...]:
    totals: Counter[Key] = Counter()
    for balance in opening:
        totals[balance.fund, balance.account] += balance.balance_fen
    for key, turnover in moved.items():
        totals[key] += turnover.debit_fen - turnover.credit_fen
    return tuple(
        Balance(fund=fund, account=account, balance_fen=amount)
        for (fund, account), amount in sorted(totals.items())
        if amount
    )


def trial_balance_digest(balances: Iterable[Balance]) -> str:
    """What the act that closes the month says about the books, hexadecimal SHA-256."""
    ordered = sorted(balances, key=lambda balance: (balance.fund, balance.account))
    return digest([balance for balance in ordered if balance.balance_fen]).hex()


def income_of(turnover: Turnover) -> int:
    return turnover.credit_fen - turnover.debit_fen if is_income(turnover.account) else 0


def expense_of(turnover: Turnover) -> int:
    return turnover.debit_fen - turnover.credit_fen if is_expense(turnover.account) else 0


def total(amounts: Mapping[Key, int], wanted: Callable[[str, str], bool]) -> int:
    """The sum over the keys whose fund and account are wanted."""
    return sum(amount for (fund, account), amount in amounts.items() if wanted(fund, account))


class Books:
    """Opening (with the opening entry of books taken over in the month), turnover, closing."""

    def __init__(self, month: Month) -> None:
        taken_over = [entry for entry in month.entries if entry.kind == "opening"]
        self.entries = [entry for entry in month.entries if entry.kind != "opening"]
        opening = closing_balances(month.opening, taken_over)
        self.opening = _by_key(opening)
        self.turnover = movements(self.entries)
        self.closing = _by_key(_added_up(opening, self.turnover))
        self.keys = sorted({*self.opening, *self.turnover, *self.closing})
        self.funds = {fund.code: fund for fund in month.funds}
        self._names = {account.code: account.name for account in month.accounts}

    def has(self, fund: str) -> bool:
        return any(key[0] == fund for key in self.keys)

    def name(self, account: str) -> Name:
        return self._names.get(account, Name(zh=account, en=account))

    def debit(self, key: Key) -> int:
        return self.turnover[key].debit_fen if key in self.turnover else 0

    def credit(self, key: Key) -> int:
        return self.turnover[key].credit_fen if key in self.turnover else 0

    def opening_of(self, wanted: Callable[[str, str], bool]) -> int:
        return total(self.opening, wanted)

    def closing_of(self, wanted: Callable[[str, str], bool]) -> int:
        return total(self.closing, wanted)


def _by_key(balances: Iterable[Balance]) -> dict[Key, int]:
    return {(balance.fund, balance.account): balance.balance_fen for balance in balances}
