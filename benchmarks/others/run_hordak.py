"""django-hordak's ``transfer_to``, one after the other. Runs in the peers' own environment.

Usage: ``run_hordak.py URL SECONDS``; prints the rate as JSON. Makes a database of its own on that server.
"""

import json
import sys
import time

import common

common.configure(
    sys.argv[1],
    "peer_hordak",
    ["mptt", "djmoney", "hordak"],
    HORDAK_CURRENCIES=["CNY"],
    HORDAK_INTERNAL_CURRENCY="CNY",
    DEFAULT_CURRENCY="CNY",
)

from hordak.models import Account, AccountType  # noqa: E402
from moneyed import Money  # noqa: E402


def main() -> None:
    common.migrate()
    cash = Account.objects.create(name="bank", code="1", type=AccountType.asset, currencies=["CNY"])
    fees = Account.objects.create(
        name="fees", code="2", type=AccountType.income, currencies=["CNY"]
    )
    amount = Money("123.45", "CNY")
    seconds = float(sys.argv[2])
    for _ in range(20):
        fees.transfer_to(cash, amount, description="9月物业费 3-2-501")
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        fees.transfer_to(cash, amount, description="9月物业费 3-2-501")
        count += 1
    print(json.dumps({"per_second": count / (time.perf_counter() - started)}))


main()
