import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustprop.kernel.canonical import canonical_json, digest, prefixed


def test_the_example_of_rfc_8785_without_floats() -> None:
    document = {
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"\u002f",
        "literals": [None, True, False],
        "1": 2,
    }
    expected = '{"1":2,"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    assert canonical_json(document).decode() == expected


def test_keys_sort_by_utf_16_code_units() -> None:
    """RFC 8785, 3.2.3: its own sorting example."""
    keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    order = [
        int(part.rpartition(":")[2])
        for part in canonical_json(keys).decode().strip("{}").split(",")
    ]
    assert order == [2, 4, 6, 7, 1, 5, 3]


def test_floats_are_our_own_bug() -> None:
    with pytest.raises(AssertionError):
        digest({"amount": 1.5})


@given(st.lists(st.binary()), st.lists(st.binary()))
def test_no_two_lists_share_their_prefixed_bytes(one: list[bytes], other: list[bytes]) -> None:
    assert (prefixed(*one) == prefixed(*other)) == (one == other)
