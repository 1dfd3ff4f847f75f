"""Money as whole fen, and how people read it."""

from decimal import Decimal, InvalidOperation

MAX_FEN = 10**15
"""Ten trillion yuan: above any compound, below any overflow."""


def yuan(amount_fen: int) -> str:
    """``1234000`` as ``12,340.00``; negative amounts carry a minus sign."""
    sign = "-" if amount_fen < 0 else ""
    whole, cents = divmod(abs(amount_fen), 100)
    return f"{sign}{whole:,}.{cents:02d}"


def fen(text: str) -> int:
    """Yuan as written by people or banks (``12,340.00``, ``¥8``) in fen.

    Raises ValueError on anything that is not an exact number of fen.
    """
    cleaned = text.strip().replace(",", "").replace("，", "").removeprefix("¥").removeprefix("￥")
    try:
        amount = Decimal(cleaned) * 100
    except InvalidOperation:
        raise ValueError(f"not an amount: {text!r}") from None
    if not amount.is_finite() or amount != amount.to_integral_value() or abs(amount) > MAX_FEN:
        raise ValueError(f"not a whole number of fen: {text!r}")
    return int(amount)


def square_metres(area_dm2: int) -> str:
    """Areas are whole dm² (0.01 m²): ``5922000`` reads ``59,220.00``."""
    return yuan(area_dm2)


def apportion(total_fen: int, weights: list[int]) -> list[int]:
    """Splits an amount by whole weights so that the parts sum exactly to it.

    Largest remainders get the left-over fen; ties go to the earlier weight.
    """
    whole = sum(weights)
    assert whole > 0
    assert min(weights) >= 0
    parts = [total_fen * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total_fen * weights[i] % whole), i))
    for i in order[: total_fen - sum(parts)]:
        parts[i] += 1
    return parts
