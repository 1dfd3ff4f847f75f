"""The canonical bytes of an entry, version 1: what its leaf hash is taken over.

Integers are big-endian. ``[x]`` is the length of x in four bytes, then x; an absent id is empty.

    "TPE1"  compound (16)  entry (16)  recorded_at (8, µs since 1970)  accounting_on (4, days since 1970)
    memo commitment (32)  [kind] [source kind] [source id] [act] [resolution] [reversed entry] [evidence]
    number of lines (4), and for each line in order:
        amount (8, debit positive, credit negative)  [account] [fund] [budget line]
        [counterparty commitment] [scope] [project]

Only what was decided stands in it and nothing derived. Memo and counterparty stand in it as
commitments, each under its own salt, so either can be shown without the other and both can be
erased while every proof stays valid. The migration of the house writes the same bytes in SQL.
"""

import hashlib
import struct
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from trustprop.kernel.merkle import leaf_hash
from trustprop.ledger.model import AttestedEntry, AttestedLine

VERSION = b"TPE1"
_HEAD = struct.Struct(">4s16s16sqi32s")
_COUNT = struct.Struct(">I")
_AMOUNT = struct.Struct(">q")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
_ABSENT = _COUNT.pack(0)
_ID_LENGTH = _COUNT.pack(16)


def memo_opening(salt: bytes) -> bytes:
    """What must be shown beside a memo so that anyone can check its commitment."""
    return hashlib.sha256(salt + b"memo").digest()


def memo_commitment(opening: bytes, memo: str) -> bytes:
    return hashlib.sha256(opening + memo.encode()).digest()


def counterparty_opening(salt: bytes, line: int) -> bytes:
    """The same for the counterparty of the line with this number, counted from 1."""
    return hashlib.sha256(salt + b"line" + _COUNT.pack(line)).digest()


def counterparty_commitment(opening: bytes, counterparty_id: UUID) -> bytes:
    return hashlib.sha256(opening + counterparty_id.bytes).digest()


def entry_bytes(compound_id: UUID, entry: AttestedEntry) -> bytes:
    """The canonical bytes of version 1."""
    source = entry.source
    parts = [
        _HEAD.pack(
            VERSION,
            compound_id.bytes,
            entry.entry_id.bytes,
            (entry.recorded_at - _EPOCH) // _MICROSECOND,
            entry.accounting_on.toordinal() - _EPOCH_DAY,
            bytes.fromhex(entry.memo_commitment),
        ),
        _prefixed(entry.kind.encode()),
        _prefixed(source.kind.encode()),
        _id(source.id),
        _id(entry.act_id),
        _id(entry.resolution_id),
        _id(entry.reverses),
        _prefixed(bytes.fromhex("".join(entry.evidence))),
        _COUNT.pack(len(entry.lines)),
    ]
    for line in entry.lines:
        parts += _line_parts(line)
    return b"".join(parts)


def entry_leaf(compound_id: UUID, entry: AttestedEntry) -> bytes:
    """The RFC 6962 leaf hash of an entry."""
    return leaf_hash(entry_bytes(compound_id, entry))


def _line_parts(line: AttestedLine) -> tuple[bytes, ...]:
    return (
        _AMOUNT.pack(line.signed_fen),
        _prefixed(line.account.encode()),
        _prefixed(line.fund.encode()),
        _id(line.budget_line_id),
        _prefixed(bytes.fromhex(line.counterparty_commitment)),
        _prefixed(line.scope.encode()),
        _prefixed(line.project.encode()),
    )


def _prefixed(content: bytes) -> bytes:
    return _COUNT.pack(len(content)) + content if content else _ABSENT


def _id(value: UUID | None) -> bytes:
    return _ABSENT if value is None else _ID_LENGTH + value.bytes
