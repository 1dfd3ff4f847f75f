"""Balances and turnovers: now, at a date, at a tree size, over a period."""

from datetime import date
from uuid import UUID

from sqlalchemy import func, select, text

from trustprop.kernel.periods import Period
from trustprop.ledger.model import Balance, FundClaim, SubledgerBalance, TrialBalanceLine
from trustprop.ledger.tables import balance, subledger_balance
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx


async def balances(tx: Tx, compound_id: UUID) -> tuple[Balance, ...]:
    found = await tx.execute(
        select(balance.c.fund, balance.c.account, balance.c.balance_fen)
        .where(balance.c.compound_id == compound_id, balance.c.balance_fen != 0)
        .order_by(balance.c.fund, balance.c.account)
    )
    return rows.all_of(Balance, found)


async def balances_at(tx: Tx, compound_id: UUID, on: date) -> tuple[Balance, ...]:
    """From the last sealed month before, whole months after it, and the entries of the last month."""
    found = await tx.execute(
        _BALANCES_AT, {"compound_id": compound_id, "on": on, "period": Period.of(on).number}
    )
    return rows.all_of(Balance, found)


async def balances_at_size(tx: Tx, compound_id: UUID, tree_size: int) -> tuple[Balance, ...]:
    """The present balances without the entries after this tree size."""
    found = await tx.execute(
        _BALANCES_AT_SIZE, {"compound_id": compound_id, "tree_size": tree_size}
    )
    return rows.all_of(Balance, found)


async def trial_balance(tx: Tx, compound_id: UUID, period: Period) -> tuple[TrialBalanceLine, ...]:
    found = await tx.execute(_TRIAL_BALANCE, {"compound_id": compound_id, "period": period.number})
    return rows.all_of(TrialBalanceLine, found)


async def fund_claims(tx: Tx, compound_id: UUID, account: str) -> tuple[FundClaim, ...]:
    found = await tx.execute(
        select(balance.c.fund, balance.c.balance_fen)
        .where(
            balance.c.compound_id == compound_id,
            balance.c.account == account,
            balance.c.balance_fen != 0,
        )
        .order_by(balance.c.fund)
    )
    return rows.all_of(FundClaim, found)


async def net_assets(tx: Tx, compound_id: UUID, fund: str) -> int:
    """What a fund is worth: net assets, income and expense; credit positive."""
    found = await tx.execute(
        select(func.coalesce(-func.sum(balance.c.balance_fen), 0)).where(
            balance.c.compound_id == compound_id,
            balance.c.fund == fund,
            func.left(balance.c.account, 1).in_(("3", "4", "5")),
        )
    )
    return int(found.scalar_one())


async def subledger(tx: Tx, compound_id: UUID, account: str) -> tuple[SubledgerBalance, ...]:
    kept = subledger_balance.c
    found = await tx.execute(
        select(kept.account, kept.fund, kept.counterparty_id, kept.balance_fen)
        .where(kept.compound_id == compound_id, kept.account == account, kept.balance_fen != 0)
        .order_by(kept.fund, kept.counterparty_id)
    )
    return rows.all_of(SubledgerBalance, found)


_BALANCES_AT = text("""
    WITH sealed AS (
        SELECT coalesce(max(p.period), 0) AS period
        FROM period p
        WHERE p.compound_id = :compound_id AND p.period < :period
    )
    SELECT s.fund, s.account, CAST(sum(s.balance_fen) AS bigint) AS balance_fen
    FROM (
        SELECT b.fund, b.account, b.balance_fen
        FROM period_balance b, sealed
        WHERE b.compound_id = :compound_id AND b.period = sealed.period
        UNION ALL
        SELECT t.fund, t.account, t.debit_fen - t.credit_fen
        FROM turnover t, sealed
        WHERE t.compound_id = :compound_id AND t.period > sealed.period AND t.period < :period
        UNION ALL
        SELECT l.fund, l.account, l.debit_fen - l.credit_fen
        FROM entry e
        JOIN entry_line l ON l.compound_id = e.compound_id AND l.number = e.number
        WHERE e.compound_id = :compound_id
            AND e.accounting_on BETWEEN date_trunc('month', CAST(:on AS date)) AND CAST(:on AS date)
    ) s
    GROUP BY s.fund, s.account
    HAVING sum(s.balance_fen) <> 0
    ORDER BY s.fund, s.account
""")

_BALANCES_AT_SIZE = text("""
    SELECT s.fund, s.account, CAST(sum(s.balance_fen) AS bigint) AS balance_fen
    FROM (
        SELECT b.fund, b.account, b.balance_fen
        FROM balance b
        WHERE b.compound_id = :compound_id
        UNION ALL
        SELECT l.fund, l.account, l.credit_fen - l.debit_fen
        FROM entry_line l
        WHERE l.compound_id = :compound_id AND l.number > :tree_size
    ) s
    GROUP BY s.fund, s.account
    HAVING sum(s.balance_fen) <> 0
    ORDER BY s.fund, s.account
""")

_TRIAL_BALANCE = text("""
    WITH sealed AS (
        SELECT coalesce(max(p.period), 0) AS period
        FROM period p
        WHERE p.compound_id = :compound_id AND p.period < :period
    )
    SELECT s.fund, s.account, CAST(sum(s.opening_fen) AS bigint) AS opening_fen,
        CAST(sum(s.debit_fen) AS bigint) AS debit_fen, CAST(sum(s.credit_fen) AS bigint) AS credit_fen
    FROM (
        SELECT b.fund, b.account, b.balance_fen AS opening_fen, 0 AS debit_fen, 0 AS credit_fen
        FROM period_balance b, sealed
        WHERE b.compound_id = :compound_id AND b.period = sealed.period
        UNION ALL
        SELECT t.fund, t.account, t.debit_fen - t.credit_fen, 0, 0
        FROM turnover t, sealed
        WHERE t.compound_id = :compound_id AND t.period > sealed.period AND t.period < :period
        UNION ALL
        SELECT t.fund, t.account, 0, t.debit_fen, t.credit_fen
        FROM turnover t
        WHERE t.compound_id = :compound_id AND t.period = :period
    ) s
    GROUP BY s.fund, s.account
    HAVING sum(s.opening_fen) <> 0 OR sum(s.debit_fen) <> 0 OR sum(s.credit_fen) <> 0
    ORDER BY s.fund, s.account
""")
