"""Who may read an act, and how it is shown."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from trustprop.acts.model import Act, ActState, ActSummary, ActView
from trustprop.acts.rules.founding import named
from trustprop.acts.rules.lifecycle import FOUNDING, is_due
from trustprop.kernel.caller import Caller

READ = "acts:read"


def may_read(act: Act, caller: Caller) -> bool:
    """Office holders and keys with ``acts:read``; a founding act its founders and the operator."""
    if reads_acts(caller):
        return True
    if act.kind == FOUNDING and "operator" in caller.scopes:
        return True
    if caller.person_id is None:
        return False
    if act.kind == FOUNDING:
        return any(one.person_id == caller.person_id for one in named(act.body))
    return act.drafted_by == caller.person_id


def reads_acts(caller: Caller) -> bool:
    """Whoever holds an office, and programs that are not a vendor's."""
    return bool(caller.mandates) or (caller.vendor_id is None and READ in caller.scopes)


def summary(act: Act, at: datetime | None = None) -> ActSummary:
    return ActSummary(**_shown(act, at))


def view(act: Act, at: datetime | None = None) -> ActView:
    return ActView(**_shown(act, at), payload=act.payload, body=act.body)


def _shown(act: Act, at: datetime | None) -> dict[str, Any]:
    """An act whose time is over is shown as expired even before it is swept."""
    seen = replace(act, state=ActState.EXPIRED) if at and is_due(act, at) else act
    names = (name for name in ActSummary.__struct_fields__ if name != "payload_digest")
    return {name: getattr(seen, name) for name in names} | {"payload_digest": act.digest}
