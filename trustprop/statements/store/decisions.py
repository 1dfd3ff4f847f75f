"""Everything that names a resolution, wherever it rests: one statement for any number of them."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from trustprop.plumbing.database import Tx
from trustprop.statements.model.decisions import (
    DecisionEntry,
    Deed,
    DeedKind,
    DeedOf,
    EntryOf,
    Told,
    ToldOf,
)

_DEEDS = """
    SELECT resolution_id, kind, id, title, "on", amount_fen, spent_fen, state
    FROM (
        SELECT b.resolution_id, 'budget' AS kind, b.budget_id AS id, b.title,
               CAST(b.adopted_at AT TIME ZONE 'Asia/Shanghai' AS date) AS "on",
               m.amount_fen, m.spent_fen, b.state
        FROM budget b
        CROSS JOIN LATERAL (
            SELECT CAST(sum(v.appropriated_fen + v.adjusted_fen) AS bigint) AS amount_fen,
                   CAST(coalesce(sum(v.actual_fen) FILTER (WHERE v.moved_on <= $4), 0) AS bigint)
                       AS spent_fen
            FROM budget_line l
            JOIN line_movement v ON v.compound_id = l.compound_id AND v.line_id = l.line_id
            WHERE l.compound_id = b.compound_id AND l.budget_id = b.budget_id AND v.moved_on <= $3
        ) AS m
        WHERE b.compound_id = $1
        UNION ALL
        SELECT resolution_id, 'budget_adjustment', adjustment_id, title,
               CAST(in_force_at AT TIME ZONE 'Asia/Shanghai' AS date), NULL, NULL, state
        FROM budget_adjustment WHERE compound_id = $1
        UNION ALL
        SELECT resolution_id, 'emergency', emergency_id, reason,
               CAST(ratified_at AT TIME ZONE 'Asia/Shanghai' AS date), amount_fen, NULL, state
        FROM budget_emergency WHERE compound_id = $1
        UNION ALL
        SELECT resolution_id, 'fund_transfer', transfer_id, from_fund || ' → ' || to_fund,
               transferred_on, amount_fen, NULL, ''
        FROM fund_transfer WHERE compound_id = $1
        UNION ALL
        SELECT resolution_id, 'mandate', mandate_id, office, valid_from, NULL, NULL, ''
        FROM mandate WHERE compound_id = $1
        UNION ALL
        SELECT ended_by_resolution_id, 'mandate_end', mandate_id, office, ended_on, NULL, NULL, ''
        FROM mandate WHERE compound_id = $1
        UNION ALL
        SELECT resolution_id, 'governing_text', text_id, title || ' v' || version, effective_from,
               NULL, NULL, ''
        FROM governing_text WHERE compound_id = $1
        UNION ALL
        SELECT resolution_id, 'trust_instrument', instrument_id, 'v' || version, effective_from,
               NULL, NULL, ''
        FROM trust_instrument WHERE compound_id = $1
        UNION ALL
        SELECT resolution_id, 'tariff', tariff_id, kind,
               make_date(valid_from / 100, valid_from % 100, 1), rate_fen, NULL, ''
        FROM tariff WHERE compound_id = $1
        UNION ALL
        SELECT v.resolution_id, 'vendor', v.vendor_id, v.name, r.valid_from, NULL, NULL, v.state
        FROM vendor v
        JOIN resolution r ON r.compound_id = v.compound_id AND r.resolution_id = v.resolution_id
        WHERE v.compound_id = $1
        UNION ALL
        SELECT v.resolution_id, 'contract', c.contract_id, c.title, c.starts_on, c.amount_fen,
               c.billed_before_fen + c.billed_fen, c.state
        FROM contract c
        JOIN vendor v ON v.compound_id = c.compound_id AND v.vendor_id = c.vendor_id
        WHERE c.compound_id = $1
        UNION ALL
        SELECT resolution_id, 'revenue_contract', contract_id,
               CASE WHEN is_individual THEN '' ELSE counterparty END, starts_on, amount_fen, NULL, ''
        FROM revenue_contract WHERE compound_id = $1
        UNION ALL
        SELECT CAST(body ->> 'resolution_id' AS uuid), 'payment_order', order_id,
               CASE body -> 'payee' ->> 'kind' WHEN 'individual' THEN '' ELSE body ->> 'purpose' END,
               CAST(coalesce(released_at, drafted_at) AT TIME ZONE 'Asia/Shanghai' AS date),
               amount_fen, NULL, state
        FROM payment_order WHERE compound_id = $1 AND body ? 'resolution_id'
    ) AS deeds
    WHERE resolution_id = ANY($2) AND ("on" IS NULL OR "on" <= $3)
    ORDER BY "on" NULLS LAST, kind, id
"""
_ENTRIES = """
    SELECT e.resolution_id, e.number, e.accounting_on, e.kind,
           coalesce(
               nullif(greatest(
                   sum(l.debit_fen) FILTER (WHERE left(l.account, 4) IN ('1001', '1002')),
                   sum(l.credit_fen) FILTER (WHERE left(l.account, 4) IN ('1001', '1002'))
               ), 0),
               sum(l.debit_fen)
           ) AS amount_fen
    FROM entry e
    JOIN entry_line l ON l.compound_id = e.compound_id AND l.number = e.number
    WHERE e.compound_id = $1 AND e.resolution_id = ANY($2) AND e.accounting_on <= $3
    GROUP BY e.compound_id, e.number, e.resolution_id, e.accounting_on, e.kind
    ORDER BY e.number
"""
_TOLD = """
    SELECT resolution_id, done_on, body
    FROM follow_up
    WHERE compound_id = $1 AND resolution_id = ANY($2) AND done_on <= $3
    ORDER BY done_on, follow_up_id
"""


async def deeds(
    tx: Tx, compound_id: UUID, resolution_ids: Collection[UUID], until: date, booked_until: date
) -> tuple[DeedOf, ...]:
    """What was opened by these decisions until a day, the earliest first."""
    found = await tx.raw.fetch(_DEEDS, compound_id, list(resolution_ids), until, booked_until)
    return tuple(DeedOf(resolution_id=row["resolution_id"], deed=_deed(row)) for row in found)


async def entries(
    tx: Tx, compound_id: UUID, resolution_ids: Collection[UUID], until: date
) -> tuple[EntryOf, ...]:
    """Entries that name one of these decisions, in order of their numbers.

    The amount is what moved through cash, once; where nothing did, what the entry debits.
    """
    found = await tx.raw.fetch(_ENTRIES, compound_id, list(resolution_ids), until)
    return tuple(
        EntryOf(
            resolution_id=row["resolution_id"],
            entry=DecisionEntry(
                number=row["number"],
                accounting_on=row["accounting_on"],
                kind=row["kind"],
                amount_fen=int(row["amount_fen"]),
            ),
        )
        for row in found
    )


async def told(
    tx: Tx, compound_id: UUID, resolution_ids: Collection[UUID], until: date
) -> tuple[ToldOf, ...]:
    found = await tx.raw.fetch(_TOLD, compound_id, list(resolution_ids), until)
    return tuple(
        ToldOf(resolution_id=row["resolution_id"], told=Told(on=row["done_on"], body=row["body"]))
        for row in found
    )


def _deed(row: Any) -> Deed:
    return Deed(
        kind=DeedKind(row["kind"]),
        id=row["id"],
        title=row["title"],
        on=row["on"],
        amount_fen=row["amount_fen"],
        spent_fen=row["spent_fen"],
        state=row["state"],
    )
