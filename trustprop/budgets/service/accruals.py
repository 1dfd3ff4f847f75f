"""Vouchers that use budget lines: the entry and the use of the lines are one step."""

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from trustprop.budgets import rules
from trustprop.budgets.model import Change, MovementSource
from trustprop.budgets.service.availability import lock_lines, move
from trustprop.kernel.caller import Caller
from trustprop.ledger import service as ledger
from trustprop.ledger.model import PostedEntry, Posting, PostVoucher, ReverseVoucher, VoucherLine
from trustprop.plumbing.database import Tx


async def accrue(tx: Tx, caller: Caller, command: PostVoucher) -> PostedEntry:
    """A bookkeeper's voucher; 借 on a budget line uses it, 贷 gives back.

    The same voucher again is success. Raises LineNotNamed, LineOfAnotherAccount, what the lines
    refuse, and what ledger.post_voucher raises.
    """
    await ledger.lock_books(tx, caller.compound_id)
    await _use(tx, caller, command.id, command.lines, command.accounting_on)
    return await ledger.post_voucher(tx, caller, command)


async def reverse_accrual(
    tx: Tx, caller: Caller, entry_id: UUID, command: ReverseVoucher
) -> PostedEntry:
    """Takes such a voucher back with the uses of its lines. Raises what accrue raises, Missing."""
    await ledger.lock_books(tx, caller.compound_id)
    original = await ledger.entry(tx, caller.compound_id, entry_id)
    mirrored = rules.mirrored(original.lines)
    await _use(tx, caller, command.id, mirrored, command.accounting_on)
    return await ledger.reverse_voucher(tx, caller, entry_id, command)


async def _use(
    tx: Tx,
    caller: Caller,
    entry_id: UUID,
    lines: Iterable[VoucherLine | Posting],
    on: date,
) -> None:
    uses = rules.uses(lines)
    controls = await lock_lines(tx, caller.compound_id, uses)
    rules.check_places(controls, uses)
    await move(tx, caller, _changes(uses, MovementSource(kind="entry", id=entry_id), on))


def _changes(uses: Mapping[UUID, rules.Use], source: MovementSource, on: date) -> list[Change]:
    return [rules.change_of(line_id, use, source, on) for line_id, use in sorted(uses.items())]
