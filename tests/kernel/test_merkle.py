"""The tree against the published vectors of RFC 6962, and against its own definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustprop.kernel import merkle

# The reference leaves, roots and proofs of the Certificate Transparency implementations.
LEAVES = [
    merkle.leaf_hash(bytes.fromhex(content))
    for content in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
]
CONSISTENCY = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
SIZES = st.integers(1, 70)


def leaf(number: int) -> bytes:
    return merkle.leaf_hash(number.to_bytes(4, "big"))


def nodes(leaves: list[bytes]) -> dict[merkle.Node, bytes]:
    """Every full node, as the books keep them."""
    kept = {(0, index): one for index, one in enumerate(leaves)}
    level, row = 0, leaves
    while len(row) > 1:
        level += 1
        row = [merkle.node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        kept |= {(level, index): one for index, one in enumerate(row)}
    return kept


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, written down as it reads."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return merkle.node_hash(by_definition(leaves[:half]), by_definition(leaves[half:]))


def proof(ranges: tuple[tuple[int, int], ...], leaves: list[bytes]) -> list[bytes]:
    kept = nodes(leaves)
    return [merkle.range_hash(start, end, kept) for start, end in ranges]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "hashes"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int, hashes: list[str]) -> None:
    found = proof(merkle.inclusion_ranges(index, size), LEAVES[:size])
    assert [one.hex() for one in found] == hashes
    assert merkle.verify_inclusion(LEAVES[index], index, size, found, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("first", "second", "hashes"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(
    first: int, second: int, hashes: list[str]
) -> None:
    found = proof(merkle.consistency_ranges(first, second), LEAVES[:second])
    assert [one.hex() for one in found] == hashes
    old, new = bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second])
    assert merkle.verify_consistency(first, second, found, old, new)


@given(SIZES, st.data())
def test_every_leaf_is_provable_and_nothing_else_is(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = [leaf(n) for n in range(size)]
    root = merkle.root(leaves)
    assert root == by_definition(leaves)
    found = proof(merkle.inclusion_ranges(index, size), leaves)
    assert merkle.verify_inclusion(leaves[index], index, size, found, root)
    assert not merkle.verify_inclusion(leaf(size), index, size, found, root)
    assert not merkle.verify_inclusion(leaves[index], index, size, found, leaf(999))
    assert not merkle.verify_inclusion(leaves[index], index, size, [*found, root], root)
    assert not merkle.verify_inclusion(leaves[index], size, size, found, root)
    if found:
        assert not merkle.verify_inclusion(leaves[index], index, size, found[:-1], root)


@given(SIZES, st.data())
def test_every_beginning_is_provable_and_no_other_history_is(
    second: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(1, second))
    leaves = [leaf(n) for n in range(second)]
    old, new = merkle.root(leaves[:first]), merkle.root(leaves)
    found = proof(merkle.consistency_ranges(first, second), leaves)
    assert merkle.verify_consistency(first, second, found, old, new)
    rewritten = merkle.root([leaf(999), *leaves[1:first]])
    assert not merkle.verify_consistency(first, second, found, rewritten, new)
    if first < second:
        assert not merkle.verify_consistency(first, second, found, old, leaf(999))
        assert not merkle.verify_consistency(first, second, found[:-1], old, new)
        assert not merkle.verify_consistency(first, second, [*found, new], old, new)


@given(st.lists(st.integers(1, 9), max_size=8))
def test_appending_in_pieces_is_appending_at_once(pieces: list[int]) -> None:
    leaves = [leaf(n) for n in range(sum(pieces))]
    frontier: tuple[bytes, ...] = ()
    size = 0
    for piece in pieces:
        frontier = merkle.append(frontier, size, leaves[size : size + piece])
        size += piece
    assert merkle.root_of_peaks(frontier) == merkle.root(leaves)


def test_an_empty_tree_contains_and_continues_nothing() -> None:
    assert not merkle.verify_inclusion(leaf(0), 0, 0, [], merkle.EMPTY_ROOT)
    assert not merkle.verify_consistency(0, 1, [], merkle.EMPTY_ROOT, leaf(0))
