"""What billing does: charges homes, takes receipts, earns public revenue, accrues remuneration."""

from trustprop.billing.service.arrears import (
    ageing,
    home_ledger,
    opening_receivables,
    receivable_movement,
)
from trustprop.billing.service.charges import (
    adopt_tariff,
    rent_spaces,
    run_charges,
    runs,
    spaces,
    tariffs,
)
from trustprop.billing.service.receipts import (
    receipts,
    receipts_of_entries,
    receive,
    receive_other,
    settle_channel,
    settlements_of_entries,
)
from trustprop.billing.service.remuneration import (
    accrue_remuneration,
    hold_remuneration,
    lift_hold,
    open_hold,
    remuneration_of,
)
from trustprop.billing.service.revenue import (
    contracts,
    draw_up_contract,
    revenue_report,
    run_revenue,
)

__all__ = [
    "accrue_remuneration",
    "adopt_tariff",
    "ageing",
    "contracts",
    "draw_up_contract",
    "hold_remuneration",
    "home_ledger",
    "lift_hold",
    "open_hold",
    "opening_receivables",
    "receipts",
    "receipts_of_entries",
    "receivable_movement",
    "receive",
    "receive_other",
    "remuneration_of",
    "rent_spaces",
    "revenue_report",
    "run_charges",
    "run_revenue",
    "runs",
    "settle_channel",
    "settlements_of_entries",
    "spaces",
    "tariffs",
]
