"""The owners' meeting of the demo: after September's close, from the draft budget to January's order."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from trustprop.demo import balloting, calling, deciding, owners, proving, rehearsing
from trustprop.demo.stage import Stage

Chapter = tuple[date, int, Callable[[Stage], None]]


def tell(stage: Stage, out: Path) -> bool:
    """Every chapter on its day; at the end the count is recomputed by whoever wants to."""
    stage.ids["out"] = out
    for on, hour, chapter in CHAPTERS:
        stage.turn_to(on, hour)
        chapter(stage)
    return proving.verify(stage, out)


CHAPTERS: tuple[Chapter, ...] = (
    (date(2025, 10, 9), 9, owners.sign_up),
    (date(2025, 10, 9), 10, calling.consult_budget),
    (date(2025, 10, 9), 11, rehearsing.call),
    (date(2025, 10, 14), 9, calling.call),
    (date(2025, 10, 20), 9, calling.give_notice),
    (date(2025, 10, 20), 10, proving.print_call),
    (date(2025, 10, 24), 19, rehearsing.debate),
    (rehearsing.OPENS, 9, rehearsing.vote),
    (rehearsing.CLOSES, 18, rehearsing.count),
    (date(2025, 11, 1), 15, calling.debate),
    (calling.OPENS, 9, balloting.send_out),
    (date(2025, 11, 6), 20, balloting.vote_online),
    (date(2025, 11, 12), 10, balloting.vote_by_proxy),
    (date(2025, 11, 16), 10, balloting.vote_on_paper),
    (date(2025, 11, 20), 10, balloting.vote_wrongly),
    (date(2025, 11, 21), 18, balloting.say_turnout),
    (calling.CLOSES, 19, deciding.count),
    (date(2025, 11, 24), 10, deciding.post_result),
    (date(2025, 11, 24), 11, proving.print_result),
    (date(2025, 11, 27), 10, deciding.hear_objection),
    (date(2025, 12, 10), 9, deciding.take_effect),
    (date(2025, 12, 12), 15, deciding.hand_over),
    (date(2025, 12, 15), 9, deciding.file),
    (date(2025, 12, 18), 9, deciding.adopt_budget),
    (date(2025, 12, 18), 10, deciding.open_contract),
    (date(2026, 1, 15), 10, deciding.spend),
    (date(2026, 1, 15), 17, deciding.follow_up),
)
