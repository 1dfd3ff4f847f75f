"""The canonical bytes of an entry: frozen vectors, and what must never share a hash."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from msgspec.structs import replace

from trustprop.ledger.model import AttestedEntry, AttestedLine, EntryKind, Source
from trustprop.ledger.rules import leaf

COMPOUND = UUID("01890000-0000-7000-8000-000000000001")
SALT = bytes(range(32))
HOME = UUID("01890000-0000-7000-8000-0000000000aa")
ENTRY = AttestedEntry(
    entry_id=UUID("01890000-0000-7000-8000-000000000002"),
    kind=EntryKind.CHARGE,
    accounting_on=date(2025, 9, 1),
    recorded_at=datetime(2025, 9, 1, 1, 2, 3, 456789, tzinfo=UTC),
    memo_commitment=leaf.memo_commitment(leaf.memo_opening(SALT), "计提9月物业费").hex(),
    source=Source(kind="charge", id=UUID("01890000-0000-7000-8000-000000000003")),
    lines=(
        AttestedLine(
            account="112101",
            fund="OP",
            signed_fen=25060,
            counterparty_commitment=leaf.counterparty_commitment(
                leaf.counterparty_opening(SALT, 1), HOME
            ).hex(),
            scope="3栋",
        ),
        AttestedLine(
            account="4301",
            fund="OP",
            signed_fen=-25060,
            budget_line_id=UUID("01890000-0000-7000-8000-000000000004"),
            project="PJ-001",
        ),
    ),
    evidence=("ab" * 32, "cd" * 32),
    act_id=UUID("01890000-0000-7000-8000-000000000005"),
    resolution_id=UUID("01890000-0000-7000-8000-000000000006"),
    reverses=UUID("01890000-0000-7000-8000-000000000007"),
)
PLAIN = AttestedEntry(
    entry_id=UUID("01890000-0000-7000-8000-000000000008"),
    kind=EntryKind.VOUCHER,
    accounting_on=date(1969, 12, 31),
    recorded_at=datetime(2025, 9, 30, 15, 59, 59, tzinfo=UTC),
    memo_commitment=leaf.memo_commitment(leaf.memo_opening(SALT), "").hex(),
    source=Source(kind="voucher", id=UUID("01890000-0000-7000-8000-000000000008")),
    lines=(
        AttestedLine(account="100201", fund="OP", signed_fen=10**15),
        AttestedLine(account="4601", fund="OP", signed_fen=-(10**15)),
    ),
)


def test_the_bytes_of_an_entry_are_frozen() -> None:
    assert leaf.entry_bytes(COMPOUND, ENTRY).hex() == (
        "54504531018900000000700080000000000000010189000000007000800000000000000200063db2"
        "eb6bf11500004f6cb5581d72e7800236cecdbcf042affd261df5410260761f87c94bc39bcd980b36"
        "00000006636861726765000000066368617267650000001001890000000070008000000000000003"
        "00000010018900000000700080000000000000050000001001890000000070008000000000000006"
        "000000100189000000007000800000000000000700000040abababababababababababababababab"
        "ababababababababababababababababcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
        "cdcdcdcdcdcdcdcd0000000200000000000061e400000006313132313031000000024f5000000000"
        "00000020bec5c47e03afeefaa314ed195898cc86d459c2e8b31f77117c0048403ac35e8900000004"
        "33e6a08b00000000ffffffffffff9e1c0000000434333031000000024f5000000010018900000000"
        "70008000000000000004000000000000000000000006504a2d303031"
    )
    assert (
        leaf.entry_leaf(COMPOUND, ENTRY).hex()
        == "4ee9a842437b83b8167aadebcf93d4dd90539da17aa6da685b272fe06392f23e"
    )
    assert leaf.entry_bytes(COMPOUND, PLAIN).hex() == (
        "54504531018900000000700080000000000000010189000000007000800000000000000800064006"
        "d80d5dc0ffffffffd14f00a8412710d329c115c2e48d2740eb152b008ec8c5aa8732e4b412b3a86b"
        "00000007766f756368657200000007766f7563686572000000100189000000007000800000000000"
        "0008000000000000000000000000000000000000000200038d7ea4c6800000000006313030323031"
        "000000024f5000000000000000000000000000000000fffc72815b39800000000004343630310000"
        "00024f5000000000000000000000000000000000"
    )
    assert (
        leaf.entry_leaf(COMPOUND, PLAIN).hex()
        == "ad9000e21900e5560701617e6cc0835ecd711dfa40b6f44bf19739709b23e635"
    )


CHANGES = [
    {"entry_id": COMPOUND},
    {"kind": EntryKind.VOUCHER},
    {"accounting_on": date(2025, 9, 2)},
    {"recorded_at": datetime(2025, 9, 1, 1, 2, 3, 456788, tzinfo=UTC)},
    {"memo_commitment": "00" * 32},
    {"source": Source(kind="charges", id=ENTRY.source.id)},
    {"source": Source(kind="charge", id=COMPOUND)},
    {"evidence": ("cd" * 32, "ab" * 32)},
    {"evidence": ("ab" * 32,)},
    {"act_id": None},
    {"act_id": COMPOUND},
    {"resolution_id": None},
    {"act_id": None, "resolution_id": ENTRY.act_id},
    {"reverses": None},
    {"lines": ENTRY.lines[::-1]},
    {"lines": ENTRY.lines[:1]},
]
LINE_CHANGES = [
    {"account": "112102"},
    {"account": "11210", "fund": "1OP"},
    {"fund": "PR"},
    {"signed_fen": 25061},
    {"signed_fen": -25060},
    {"budget_line_id": COMPOUND},
    {"counterparty_commitment": ""},
    {"scope": "", "project": "3栋"},
    {"scope": "4栋"},
]


@pytest.mark.parametrize("change", CHANGES)
def test_every_field_of_an_entry_is_attested(change: dict[str, object]) -> None:
    changed = replace(ENTRY, **change)
    assert leaf.entry_leaf(COMPOUND, changed) != leaf.entry_leaf(COMPOUND, ENTRY)


@pytest.mark.parametrize("change", LINE_CHANGES)
def test_every_field_of_a_line_is_attested(change: dict[str, object]) -> None:
    changed = replace(ENTRY, lines=(replace(ENTRY.lines[0], **change), ENTRY.lines[1]))
    assert leaf.entry_leaf(COMPOUND, changed) != leaf.entry_leaf(COMPOUND, ENTRY)


def test_the_compound_is_attested() -> None:
    assert leaf.entry_leaf(HOME, ENTRY) != leaf.entry_leaf(COMPOUND, ENTRY)


def test_showing_a_memo_does_not_open_the_counterparty() -> None:
    assert leaf.memo_opening(SALT) != leaf.counterparty_opening(SALT, 1)
    assert leaf.counterparty_opening(SALT, 1) != leaf.counterparty_opening(SALT, 2)
