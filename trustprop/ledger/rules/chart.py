"""The chart of accounts that every compound begins with."""

import re
from functools import cache
from importlib.resources import files

import msgspec

from trustprop.ledger.model import Account, OpenAccount
from trustprop.ledger.rules.refusals import AccountNotOpen

_CODE = re.compile(r"[1-59][0-9]{3}([0-9]{2}){1,3}")


@cache
def default_accounts() -> tuple[Account, ...]:
    """The accounts of ``chart.json``; a compound adds its own beneath them."""
    content = files("trustprop.ledger").joinpath("chart.json").read_bytes()
    return msgspec.json.decode(content, type=tuple[Account, ...])


def open_account(command: OpenAccount, group: Account | None) -> Account:
    """The new account takes from its group what keeps money safe: its side of zero, its sub-ledger.

    Raises AccountNotOpen when there is no such group.
    """
    if group is None or not _CODE.fullmatch(command.code):
        raise AccountNotOpen(account=command.code[:4])
    return Account(
        code=command.code,
        name_zh=command.name_zh,
        name_en=command.name_en,
        side=command.side,
        cannot_go_below_zero=command.cannot_go_below_zero or group.cannot_go_below_zero,
        keeps_subledger=command.keeps_subledger or group.keeps_subledger,
    )
