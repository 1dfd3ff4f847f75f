"""Everything that the service says to a person is said in Chinese and in English, completely."""

import ast
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta

from trustprop.acts.model import ActState
from trustprop.banking.model import LineState
from trustprop.billing.model import ChargeKind
from trustprop.budgets.model.changes import ChangeState
from trustprop.budgets.model.documents import BudgetState
from trustprop.disbursements.model import OrderKind, OrderState
from trustprop.identity.model import KeyState
from trustprop.invoices.model import ContractState, InvoiceState, PlatformResult, VendorState
from trustprop.kernel.caller import Office, Party
from trustprop.kernel.errors import FieldError
from trustprop.ledger.model import EntryKind
from trustprop.meetings.model import Matter, ResolutionState, Step
from trustprop.plumbing import i18n
from trustprop.plumbing.reasons import explain
from trustprop.votes.model.counting import Channel, Majority
from trustprop.votes.model.holding import VoteState

SOURCES = Path(__file__).parents[2] / "trustprop"
PLACEHOLDER = re.compile(r"\{(\w+)\}")
WORDS: dict[str, tuple[type[StrEnum], ...]] = {
    "state": (
        ActState, LineState, ChangeState, BudgetState, OrderState, KeyState, ContractState,
        InvoiceState, VendorState, ResolutionState,
    ),
    "kind": (ChargeKind, OrderKind, EntryKind),
    "party": (Party,),
    "needed": (Office, OrderState, KeyState, Matter, Step),
    "step": (Step,),
    "matter": (Matter,),
    "majority": (Majority,),
    "result": (PlatformResult,),
    "vote_state": (VoteState,),
    "channel": (Channel,),
}  # fmt: skip
"""The enumerations that refusals show, by the name of the fact."""


def calls(name: str) -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                yield path.relative_to(SOURCES), node


def marked() -> list[tuple[Path, str]]:
    return [(path, ast.literal_eval(call.args[0])) for path, call in calls("N_")]


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


def test_every_marked_message_is_in_the_chinese_catalogue_with_the_same_placeholders() -> None:
    chinese = i18n.catalogue("zh-CN")
    messages = marked()
    assert len(messages) > 350
    missing = [(path, text) for path, text in messages if text not in chinese]
    assert missing == []
    assert [t for _, t in messages if placeholders(t) != placeholders(chinese[t])] == []


def test_no_translation_is_left_in_english() -> None:
    left = {}
    for message, text in i18n.catalogue("zh-CN").items():
        plain = PLACEHOLDER.sub("", text)
        if not re.search(r"[\u4e00-\u9fff]", plain):
            left[message] = text
    assert left == {}


def test_no_translation_stands_for_a_message_that_nobody_says_any_more() -> None:
    said = {text for _, text in marked()}
    assert sorted(set(i18n.catalogue("zh-CN")) - said) == []


@pytest.mark.parametrize("fact", sorted(WORDS))
def test_every_member_of_an_enumeration_that_is_shown_has_a_chinese_word(fact: str) -> None:
    known = i18n.words("zh-CN")
    assert [m.value for kind in WORDS[fact] for m in kind if (fact, m.value) not in known] == []


def literals(name: str, fact: str) -> Iterable[str]:
    """The constant texts given for a fact at every call of this refusal."""
    for _, call in calls(name):
        for keyword in call.keywords:
            if keyword.arg == fact and isinstance(keyword.value, ast.Constant):
                yield keyword.value.value


@pytest.mark.parametrize(
    ("refusal", "fact"),
    [
        ("Missing", "kind"),
        ("ArchiveDangerous", "reason"),
        ("StatementUnreadable", "reason"),
        ("MovementSource", "kind"),
        ("_tie", "name"),
    ],
)
def test_every_word_that_a_refusal_is_given_in_the_code_has_a_chinese_word(
    refusal: str, fact: str
) -> None:
    known = i18n.words("zh-CN")
    context = {"MovementSource": "source_kind", "_tie": "names"}.get(refusal, fact)
    said = set(literals(refusal, fact))
    if refusal == "_tie":
        said = {
            call.args[0].value
            for _, call in calls("_tie")
            if isinstance(call.args[0], ast.Constant)
        }
    assert said
    assert sorted(word for word in said if (context, word) not in known) == []


def test_a_list_of_words_is_translated_word_by_word() -> None:
    message = "This needs one of these offices: {needed}."
    facts = {"needed": "committee_director, trustee_manager"}
    assert (
        i18n.translate(message, "zh-CN", facts) == "此操作需要以下职务之一：业委会主任、项目经理。"
    )
    assert i18n.translate(message, "en", facts) == (
        "This needs one of these offices: committee director, trustee manager."
    )


def test_a_check_of_one_account_keeps_its_number() -> None:
    assert (
        i18n.translate("{names}", "zh-CN", {"names": "three_way:100201, cut_off"})
        == "三方核对:100201、截止"
    )


def test_a_fact_of_another_name_is_never_taken_for_a_word() -> None:
    assert i18n.translate("{holder}", "zh-CN", {"holder": "open"}) == "open"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("x", int), (1, str), (None, int), (1.5, int), ([], dict), ("x", UUID), ("x", date), ("x", datetime),
        ("2025-09-15T04:00:00", Annotated[datetime, Meta(tz=True)]), ("x", Office), (0, Annotated[int, Meta(ge=1)]),
        ("", Annotated[str, Meta(min_length=1)]), ([1], Annotated[list[int], Meta(max_length=0)]), ("é", bytes),
        ("x", Annotated[str, Meta(pattern="^a$")]), (2, Literal[1]), ({}, FieldError), (2**63, Annotated[int, Meta(lt=5)]),
    ],
)  # fmt: skip
def test_every_reason_of_the_decoder_has_words_in_both_languages(value: Any, kind: Any) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, kind)
    message, facts = explain(str(caught.value))
    assert facts or message != explain("something new")[0]
    chinese = i18n.translate(message, "zh-CN", facts)
    english = i18n.translate(message, "en", facts)
    assert chinese != english
    assert "{" not in chinese + english
