"""What acts about signing keys presuppose."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from trustprop.acts.model import KeyActivation
from trustprop.compounds.model import MandateTerm
from trustprop.identity import rules as identity
from trustprop.identity.model import KeyState, SigningKey
from trustprop.kernel.errors import N_, Conflict
from trustprop.kernel.periods import ZONE


class KeyWithoutMandate(Conflict):
    code = "key-without-mandate"
    detail = N_("The holder of this key has no office here that signs, now or later.")


class KeysOfTwoPersons(Conflict):
    code = "keys-of-two-persons"
    detail = N_("A key is replaced by another key of the same person only.")


def activation(key: SigningKey, terms: Iterable[MandateTerm], on: date) -> KeyActivation:
    """What both sides sign to make a key active: it ends with the last mandate of its holder.

    An active key is activated again only to last longer, after a re-election.
    Raises KeyNotInState or KeyWithoutMandate.
    """
    ends = [
        term.out_on
        for term in terms
        if term.person_id == key.person_id and term.office.may_sign and term.out_on > on
    ]
    if not ends:
        raise KeyWithoutMandate
    _check_gains(key, start_of_day(max(ends)))
    return KeyActivation(
        key_id=key.key_id,
        person_id=key.person_id,
        scheme=key.scheme,
        public_key=key.public_key.hex(),
        key_expires_at=start_of_day(max(ends)),
    )


def _check_gains(key: SigningKey, ends_at: datetime) -> None:
    is_lasting = key.expires_at is None or key.expires_at >= ends_at
    if key.state is KeyState.REVOKED or (key.state is KeyState.ACTIVE and is_lasting):
        raise identity.KeyNotInState(state=key.state, needed=KeyState.PROVED)


def check_revocable(key: SigningKey) -> None:
    """Raises KeyNotInState when the key is revoked already."""
    if key.state is KeyState.REVOKED:
        raise identity.KeyNotInState(state=key.state, needed=KeyState.ACTIVE)


def check_replacement(old: SigningKey, new: SigningKey) -> None:
    """Raises KeysOfTwoPersons or KeyNotInState."""
    if old.person_id != new.person_id:
        raise KeysOfTwoPersons
    check_revocable(old)


def start_of_day(on: date) -> datetime:
    """The first instant of a day in the compound's zone."""
    return datetime(on.year, on.month, on.day, tzinfo=ZONE).astimezone(UTC)
