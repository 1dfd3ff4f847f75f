"""RFC 6962 trees: roots, inclusion and consistency proofs, and their verification.

Nothing here knows an entry; a leaf is its hash. A node is named (level, index): it covers the leaves
from ``index << level`` to ``(index + 1) << level``. Trees without a full last subtree are made of
full nodes, so a proof reads O(log n) of them.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

Node = tuple[int, int]
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes in their order."""
    return root_of_peaks(append((), 0, leaves))


def append(frontier: Sequence[bytes], size: int, leaves: Iterable[bytes]) -> tuple[bytes, ...]:
    """The frontier after these leaves: by level, the peak or empty bytes."""
    peaks = list(frontier)
    for leaf in leaves:
        node, level = leaf, 0
        while size >> level & 1:
            node = node_hash(peaks[level], node)
            peaks[level] = b""
            level += 1
        if level == len(peaks):
            peaks.append(b"")
        peaks[level] = node
        size += 1
    return tuple(peaks)


def root_of_peaks(frontier: Sequence[bytes]) -> bytes:
    """The root of a tree from its peaks by level."""
    total = b""
    for peak in frontier:
        if peak:
            total = node_hash(peak, total) if total else peak
    return total or EMPTY_ROOT


def full_nodes(start: int, end: int) -> tuple[Node, ...]:
    """The full nodes that cover the leaves ``start`` to ``end``, from left to right."""
    nodes = []
    while start < end:
        level = 0
        while not start >> level & 1 and start + (2 << level) <= end:
            level += 1
        nodes.append((level, start >> level))
        start += 1 << level
    return tuple(nodes)


def range_hash(start: int, end: int, hashes: Mapping[Node, bytes]) -> bytes:
    """The hash of a subtree that RFC 6962 forms over these leaves, from full nodes."""
    nodes = full_nodes(start, end)
    total = hashes[nodes[-1]]
    for node in reversed(nodes[:-1]):
        total = node_hash(hashes[node], total)
    return total


def inclusion_ranges(index: int, size: int) -> tuple[tuple[int, int], ...]:
    """The subtrees (start, end) whose hashes prove leaf ``index`` of ``size``, leaf side first."""
    assert 0 <= index < size
    ranges = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _largest_power_below(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return tuple(reversed(ranges))


def consistency_ranges(first: int, second: int) -> tuple[tuple[int, int], ...]:
    """The subtrees whose hashes prove that the tree of ``first`` leaves begins that of ``second``."""
    assert 0 < first <= second
    if first == second:
        return ()
    ranges = []
    start, end, is_known = 0, second, True
    while first != end:
        middle = start + _largest_power_below(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
            is_known = False
    if not is_known:
        ranges.append((start, end))
    return tuple(reversed(ranges))


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes
) -> bool:
    """RFC 9162, 2.1.3.2: whether the proof leads from this leaf hash to the root."""
    if not 0 <= index < size:
        return False
    position, last, total = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            total = node_hash(sibling, total)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            total = node_hash(total, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and total == expected_root


def verify_consistency(
    first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """RFC 9162, 2.1.4.2: whether the second tree begins with the first."""
    if first == second:
        return first >= 0 and not proof and first_root == second_root
    if not 0 < first < second or not proof:
        return False
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new = node_hash(new, node)
        position, last = position >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _largest_power_below(count: int) -> int:
    """The largest power of two smaller than ``count``, which is two or more."""
    return 1 << (count - 1).bit_length() - 1
