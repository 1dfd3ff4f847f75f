"""Why a value is refused, in words that can be translated: the decoder itself speaks English only."""

import re
from typing import Any

from trustprop.kernel.errors import N_

_SIGN = {">=": "≥", "<=": "≤", ">": ">", "<": "<"}
_REASONS: tuple[tuple[str, str], ...] = (
    (
        r"Expected `(?P<expected>[^`]+)`, got `(?P<found>[^`]+)`",
        N_("Expected {expected}, found {found}."),
    ),
    (
        r"Expected `(?P<expected>str|bytes)` of length (?P<sign>[<>]=?) (?P<bound>\S+)",
        N_("The number of characters must be {sign} {bound}."),
    ),
    (
        r"Expected `(?P<expected>array|object)` of length (?P<sign>[<>]=?) (?P<bound>\S+)",
        N_("The number of items must be {sign} {bound}."),
    ),
    (
        r"Expected `(?:int|float)` (?P<sign>[<>]=?) (?P<bound>\S+)",
        N_("The number must be {sign} {bound}."),
    ),
    (
        r"Expected `str` matching regex '(?P<pattern>.*)'",
        N_("The text does not have the form {pattern}."),
    ),
    (
        r"Expected `array` of (?:at least |at most )?length .*",
        N_("The list has the wrong number of items."),
    ),
    (
        r"Expected `datetime` with a timezone component",
        N_("An instant names its time zone, such as 2025-09-15T04:00:00Z."),
    ),
    (
        r"Invalid RFC3339 encoded datetime|Timestamp is out of range|Invalid epoch timestamp",
        N_("This is no instant such as 2025-09-15T04:00:00Z."),
    ),
    (r"Invalid RFC3339 encoded date", N_("This is no date such as 2025-09-15.")),
    (r"Invalid UUID", N_("This is no UUID.")),
    (r"Invalid base64 encoded string", N_("This is not encoded in base64.")),
    (
        r"Invalid enum value (?P<found>.+)|Invalid value (?P<value>.+)",
        N_("This is none of the values taken here."),
    ),
    (
        r"(?:Integer value|Number) out of range",
        N_("The number is larger than any that is taken here."),
    ),
    (r"Object missing required field `(?P<field>.+)`", N_("The field {field} is missing.")),
    (r"Object contains unknown field `(?P<field>.+)`", N_("There is no field {field}.")),
    (r"Missing required .*", N_("This parameter is missing.")),
)
_OTHERWISE = N_("This value is not taken here.")


def explain(reason: str) -> tuple[str, dict[str, Any]]:
    """A message marked for translation and its facts, for what msgspec or the framework says."""
    plain = reason.partition(" - at `")[0]
    for pattern, message in _REASONS:
        match = re.fullmatch(pattern, plain, re.DOTALL)
        if match:
            facts = {name: found for name, found in match.groupdict().items() if found is not None}
            if "sign" in facts:
                facts["sign"] = _SIGN[facts["sign"]]
            return message, facts
    return _OTHERWISE, {}
