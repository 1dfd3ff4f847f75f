"""Draws up the assembly's papers from what is known of a meeting and its vote; nothing waits here."""

from trustprop.meetings.papers.afterwards import decisions, filing, minutes
from trustprop.meetings.papers.ballots import (
    ballot_sheet,
    ballot_to_print,
    delivery_register,
    paper_voter,
    proxy_form,
)
from trustprop.meetings.papers.before import agenda, motion_cards, notice, printed_roll
from trustprop.meetings.papers.counting import certificate, count_sheet
from trustprop.meetings.papers.facts import AfterFacts, CountFacts, MeetingFacts

__all__ = [
    "AfterFacts",
    "CountFacts",
    "MeetingFacts",
    "agenda",
    "ballot_sheet",
    "ballot_to_print",
    "certificate",
    "count_sheet",
    "decisions",
    "delivery_register",
    "filing",
    "minutes",
    "motion_cards",
    "notice",
    "paper_voter",
    "printed_roll",
    "proxy_form",
]
