"""What acts do: put a payload before both sides, take their signatures, and let it take effect once."""

from trustprop.acts.service.keys import (
    EFFECTS,
    draft_key_activation,
    draft_key_replacement,
    draft_key_revocation,
)
from trustprop.acts.service.signing import (
    Effect,
    Effects,
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

__all__ = [
    "EFFECTS",
    "Effect",
    "Effects",
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
