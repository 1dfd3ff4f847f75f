"""Who owes, who has paid ahead and who pays in September, so that every total is the file's."""

from dataclasses import dataclass

from trustprop.demo.world import Home, World
from trustprop.kernel.money import apportion

OPENING_ARREARS = 61_204_60
OPENING_PREPAID = 97_452_00
UNPAID_OF_SEPTEMBER = 15_501_00
ARREARS_PAID = 6_318_40
BY_BANK = 24_962_00
ONLINE = 118_407_80
PREPAID_MIX = {8950: 30, 10800: 12, 12600: 6}
"""48 homes, 4,737.00 m², paid for the year."""
OWNED_SPACES = 220
OWNED_SPACES_PAID = 208
PUBLIC_SPACES = 150
PUBLIC_SPACES_PREPAID = 50


@dataclass(frozen=True)
class Collection:
    """Amounts in fen by home."""

    prepaid: dict[Home, int]
    arrears: dict[Home, int]
    """Opening arrears, of those who will pay in September and of those who will not."""
    online: dict[Home, int]
    by_bank: dict[Home, int]
    year_ahead: tuple[Home, ...]
    """Three homes that pay twelve months at once."""


def plan(world: World) -> Collection:
    """Deterministic: the world's homes in an order shuffled by its own seed."""
    homes = list(world.sold_homes)
    world.dice.shuffle(homes)
    prepaid = _take_mix(homes)
    silent, partial, partial_fen = _silent(homes)
    payers = [
        home for home in homes if home not in prepaid and home not in silent and home is not partial
    ]
    late = payers[:10]
    others = [home for home in world.homes if home not in prepaid and home not in homes]
    arrears = _arrears(silent, late)
    due = {home: home.monthly_fee_fen + (arrears[home] if home in late else 0) for home in payers}
    due |= {home: home.monthly_fee_fen for home in others} | {partial: partial_fen}
    assert sum(due.values()) == BY_BANK + ONLINE
    by_bank = _up_to(BY_BANK, due)
    online = {home: rest for home in due if (rest := due[home] - by_bank.get(home, 0))}
    year_ahead = tuple(home for home in payers[10:] if home.area_dm2 == 8950)[:3]
    return Collection(prepaid, arrears, online, by_bank, year_ahead)


def _take_mix(homes: list[Home]) -> dict[Home, int]:
    chosen = []
    for area, count in PREPAID_MIX.items():
        chosen += [home for home in homes if home.area_dm2 == area][:count]
    shares = apportion(OPENING_PREPAID, [home.monthly_fee_fen for home in chosen])
    return dict(zip(chosen, shares, strict=True))


def _silent(homes: list[Home]) -> tuple[list[Home], Home, int]:
    """Who pays nothing of September's fee, and the one who pays a part of it."""
    silent: list[Home] = []
    left = UNPAID_OF_SEPTEMBER
    candidates = [home for home in reversed(homes) if home.area_dm2 == 8950]
    for home in candidates:
        if left < home.monthly_fee_fen:
            return silent, home, home.monthly_fee_fen - left
        silent.append(home)
        left -= home.monthly_fee_fen
    raise AssertionError


def _arrears(silent: list[Home], late: list[Home]) -> dict[Home, int]:
    """The late ten owe what they will pay; the silent owe the rest, some of them for a long time."""
    paid = apportion(ARREARS_PAID, [home.monthly_fee_fen for home in late])
    owed = apportion(OPENING_ARREARS - ARREARS_PAID, [1 + i % 6 for i in range(len(silent))])
    return dict(zip([*late, *silent], [*paid, *owed], strict=True))


def _up_to(total_fen: int, due: dict[Home, int]) -> dict[Home, int]:
    """Payers in order until the total is reached; the last pays a part this way."""
    shares: dict[Home, int] = {}
    for home, amount_fen in due.items():
        share = min(amount_fen, total_fen - sum(shares.values()))
        if share:
            shares[home] = share
    return shares


def months_owed(home: Home, amount_fen: int) -> list[tuple[int, int]]:
    """An opening debt as (months ago, fen), the youngest full months first."""
    owed = []
    months_ago = 0
    while amount_fen:
        months_ago += 1
        part = min(home.monthly_fee_fen, amount_fen)
        owed.append((months_ago, part))
        amount_fen -= part
    return owed
