"""Bank files to statements: CSV by profile, camt.053 and MT940, each refused where it is broken."""

from trustprop.banking.model import Format, ReadStatement
from trustprop.banking.rules import camt, swift, tables
from trustprop.banking.rules.profiles import PROFILES
from trustprop.banking.rules.refusals import ProfileUnknown, StatementUnreadable

NAMES = (*(profile.name for profile in PROFILES), Format.CAMT053.value, Format.MT940.value)


def read(content: bytes, profile: str | None) -> ReadStatement:
    """The statement in a file. Raises ProfileUnknown, StatementUnreadable or BalanceBroken."""
    if profile is not None and profile not in NAMES:
        raise ProfileUnknown(profile=profile, known=", ".join(NAMES))
    if profile == Format.CAMT053 or (profile is None and camt.is_camt(content)):
        return camt.read(content)
    if profile == Format.MT940 or (profile is None and swift.is_mt940(content)):
        return swift.read(content)
    for known in PROFILES:
        if profile in (None, known.name):
            found = tables.find_table(content, known)
            if found is not None:
                return tables.read(found, known)
    raise StatementUnreadable(line=0, reason="header")
