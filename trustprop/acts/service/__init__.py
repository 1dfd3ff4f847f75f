"""What acts do: put a payload before both sides, take their signatures, and let it take effect once."""

from trustprop.acts.service.keys import EFFECTS as _OF_KEYS
from trustprop.acts.service.keys import (
    draft_key_activation,
    draft_key_replacement,
    draft_key_revocation,
)
from trustprop.acts.service.signing import (
    Effect,
    acts,
    draft,
    expire,
    expire_due,
    find,
    get,
    lock,
    reject,
    revise,
    sign,
    withdraw,
)

EFFECTS = {**_OF_KEYS}

__all__ = [
    "EFFECTS",
    "Effect",
    "acts",
    "draft",
    "draft_key_activation",
    "draft_key_replacement",
    "draft_key_revocation",
    "expire",
    "expire_due",
    "find",
    "get",
    "lock",
    "reject",
    "revise",
    "sign",
    "withdraw",
]
