"""Opening balances as an act: drafted by the trustee, posted by the last signature of both sides."""

import msgspec

from trustprop.acts import service as acts
from trustprop.acts.model import Act, DraftAct
from trustprop.evidence import service as evidence
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.periods import Period, local_date
from trustprop.ledger import rules
from trustprop.ledger.model import DraftOpening, Opening
from trustprop.ledger.service.chart import add_default_accounts, chart
from trustprop.ledger.service.posting import close_period, open_books, post
from trustprop.ledger.store import journal
from trustprop.plumbing.database import Tx

OPENING_BALANCES = "opening-balances"


async def draft_opening(tx: Tx, caller: Caller, command: DraftOpening) -> Act:
    """Puts the balances before both sides; nothing is posted until both have signed.

    Raises OfficeNeeded, BooksAlreadyOpen, OpeningNotAtMonthEnd, FieldsInvalid, EntryUnbalanced.
    """
    caller.check_office(Office.TRUSTEE_BOOKKEEPER, Office.TRUSTEE_MANAGER)
    await add_default_accounts(tx, caller)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    drafted = rules.opening(command)
    books = await journal.find_books(tx, caller.compound_id)
    known = await chart(tx, caller.compound_id)
    rules.check_opening(books, known, drafted, local_date(caller.at))
    return await acts.draft(
        tx,
        caller,
        DraftAct(
            act_id=command.act_id,
            kind=OPENING_BALANCES,
            subject_id=command.id,
            body=drafted,
            expires_at=command.expires_at,
        ),
    )


async def _open(tx: Tx, caller: Caller, act: Act) -> None:
    """Opens the books, posts the balances and seals the month that they close."""
    signed = msgspec.convert(act.body, Opening)
    await open_books(tx, caller, signed.accounting_on)
    entry = rules.opening_entry(signed, act.act_id)
    if entry is not None:
        await post(tx, caller, (entry,))
    await close_period(tx, caller, Period.of(signed.accounting_on))


EFFECTS = {OPENING_BALANCES: acts.Effect(on_signed=_open)}
