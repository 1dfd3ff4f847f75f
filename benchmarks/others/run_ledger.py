"""django-ledger's ``commit_txs``, one after the other. Runs in the peers' own environment.

Usage: ``run_ledger.py URL SECONDS``; prints the rate as JSON. Makes a database of its own on that server.
"""

import json
import sys
import time
from decimal import Decimal

import common

common.configure(
    sys.argv[1], "peer_ledger", ["django_ledger"], DJANGO_LEDGER_USE_DEPRECATED_BEHAVIOR=False
)

from django.contrib.auth import get_user_model  # noqa: E402
from django.utils import timezone  # noqa: E402
from django_ledger.models import EntityModel  # noqa: E402


def main() -> None:
    common.migrate()
    admin = get_user_model().objects.create_user("admin", "admin@example.org", "secret")
    entity = EntityModel.create_entity(
        name="compound", use_accrual_method=True, admin=admin, fy_start_month=1
    )
    entity.create_chart_of_accounts(assign_as_default=True, commit=True, coa_name="chart")
    entity.populate_default_coa(activate_accounts=True)
    cash = entity.get_default_coa_accounts().filter(role="asset_ca_cash").first()
    fees = entity.get_default_coa_accounts().filter(role="in_operational").first()
    books = entity.create_ledger(name="books", posted=True)
    seconds = float(sys.argv[2])

    def post() -> None:
        books.commit_txs(
            je_timestamp=timezone.localtime(),
            je_txs=[
                {
                    "account": cash,
                    "amount": Decimal("123.45"),
                    "tx_type": "debit",
                    "description": "fee",
                },
                {
                    "account": fees,
                    "amount": Decimal("123.45"),
                    "tx_type": "credit",
                    "description": "fee",
                },
            ],
            je_posted=True,
            je_desc="9月物业费 3-2-501",
        )

    for _ in range(5):
        post()
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        post()
        count += 1
    print(json.dumps({"per_second": count / (time.perf_counter() - started)}))


main()
