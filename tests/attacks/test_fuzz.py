"""Schemathesis over the whole OpenAPI document: no server error, no undocumented answer.

The service runs on a real socket with a founded compound, its vendors and its adopted budget; the
bookkeeper, the manager and the director ask in turn, with ids that exist and with whatever else fits
or does not fit the schema.
"""

import base64
import json
import logging
import os
import random
import re
import tempfile
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import hypothesis
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import strategies as st
from rich.console import Console
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.played import free_port
from trustprop import openapi
from trustprop.app import create_app
from trustprop.demo import founding, opening, story
from trustprop.demo.client import new_id
from trustprop.demo.stage import Stage
from trustprop.documents import NOWHERE
from trustprop.plumbing.settings import Settings

log = logging.getLogger(__name__)
pytestmark = pytest.mark.xdist_group("fuzz")

SEED = int(os.environ.get("TRUSTPROP_ATTACK_SEED", "20250915"))
EXAMPLES = 300 if os.environ.get("TRUSTPROP_ATTACK_SIZE") == "full" else 12
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]


def document() -> dict[str, Any]:
    """The OpenAPI document of a rehearsal; nothing connects."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url=NOWHERE, serving_database_url=NOWHERE, var_dir=folder, rehearsal=True
        )
        written = msgspec.json.encode(openapi.document(create_app(settings)))
    return dict(msgspec.json.decode(written))


DOCUMENT = document()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {
    found.definition.raw["operationId"]: found
    for found in (result.ok() for result in SCHEMA.get_all_operations())
}
INSIDE = ("bookkeeper",) * 8 + ("manager", "director") * 4
OUTSIDE = ("vendor", "operator", "nobody")
"""Who asks, as often as named; only these end their session, for others still need theirs."""
PLAUSIBLE = {
    "account": ("5102", "510206", "2202", "1122", "100201", "112101", "410101"),
    "account_code": ("100201", "100202", "100203"),
    "bank_account": ("100201", "100202"),
    "code": ("5102", "OP", "1001", "510206"),
    "fund": ("OP", "PR", "RS", "AG"),
    "period": ("2025-08", "2025-09", "2025-10"),
    "year": (2025, 2026),
    "amount_fen": (1, 100, 42_900_00, 10**15, 2**63),
    "accounting_on": ("2025-09-01", "2025-08-31", "9999-12-31", "0001-01-01"),
    "version": (1, 2, 2**31, 2**63),
}


@pytest.fixture(scope="module")
def stage(
    owner_url: str, serving_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """A service of its own, its compound founded, with vendors, open books and an adopted budget."""
    folder = tmp_path_factory.mktemp("fuzz")
    settings = {
        "TRUSTPROP_DATABASE_URL": owner_url,
        "TRUSTPROP_SERVING_DATABASE_URL": serving_url,
        "TRUSTPROP_VAR_DIR": str(folder / "var"),
    }
    with (folder / "log.txt").open("w") as log:
        console = Console(file=log)
        with story.service(free_port(), console, **settings) as (base_url, token):
            stage = story.set_stage(base_url, token, console)
            stage.turn_to(date(2025, 8, 20))
            founding.found(stage)
            founding.import_homes(stage)
            opening.establish_funds(stage)
            opening.admit_vendors(stage)
            opening.open_books(stage)
            opening.open_accounts(stage)
            opening.adopt_budget(stage)
            yield stage


@pytest.fixture(autouse=True)
def september(stage: Stage) -> None:
    """Every test begins on the first of September, whatever the one before did to the clock."""
    stage.turn_to(date(2025, 9, 1), 8)


@pytest.fixture(scope="module")
def known(stage: Stage) -> dict[str, list[Any]]:
    """Ids that exist, by the name of the field or parameter that takes them."""
    keeper = stage.bookkeeper
    acts = keeper.everything("/acts")
    entries = keeper.everything("/entries", period="2025-08") or keeper.everything("/entries")
    paper = keeper.upload("paper.txt", "一张收据".encode())
    return {
        "compound_id": [stage.compound_id],
        "home_id": list(stage.homes.values())[:5],
        "act_id": [act["act_id"] for act in acts][:5],
        "entry_id": [entry["entry_id"] for entry in entries][:5],
        "vendor_id": [stage.ids["security"], stage.ids["power"]],
        "vendor_account_id": [stage.ids["security/account"]],
        "budget_id": [stage.ids["budget"]],
        "budget_line_id": [stage.ids["line/5101"], stage.ids["line/510206"]],
        "line_id": [stage.ids["line/5101"], stage.ids["line/510206"]],
        "person_id": [person.person_id for person in stage.people],
        "key_id": [stage.manager.key_id],
        "counterparty_id": [stage.ids["security"], *list(stage.homes.values())[:2]],
        "sha256": [paper["sha256"]],
        "resolution_id": [one["resolution_id"] for one in keeper.everything("/resolutions")],
        **{name: list(values) for name, values in PLAUSIBLE.items()},
    }


@pytest.fixture(scope="module")
def tokens(stage: Stage) -> dict[str, str]:
    return {
        "bookkeeper": stage.bookkeeper.token,
        "manager": stage.manager.token,
        "director": stage.director.token,
        "vendor": stage.vendor_software["security"].token,
        "operator": stage.operator.token,
        "nobody": "",
    }


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_no_answer_is_an_error_of_ours_or_undocumented(
    name: str,
    mode: GenerationMode,
    stage: Stage,
    known: dict[str, list[Any]],
    tokens: dict[str, str],
) -> None:
    operation = OPERATIONS[name]
    askers = OUTSIDE if name == "sessions_end" else INSIDE + OUTSIDE

    @hypothesis.seed(SEED)
    @hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @hypothesis.given(case=operation.as_strategy(mode), aim=st.randoms(use_true_random=False))
    def attack(case: Case, aim: random.Random) -> None:
        case.path_parameters = aimed(case.path_parameters, known, aim)
        case.body = aimed(case.body, known, aim)
        headers = {"Idempotency-Key": new_id(), "If-Match": aim.choice(('"1"', "*", "2"))}
        token = tokens[aim.choice(askers)]
        if token:
            headers["Authorization"] = f"Bearer {token}"
        response = case.call(base_url=stage.base_url, headers=headers, timeout=30)
        case.validate_response(response, checks=CHECKS)

    log.info("seed %d, %d examples", SEED, EXAMPLES)
    try:
        attack()
    except hypothesis.errors.Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE


def aimed(value: Any, known: dict[str, list[Any]], aim: random.Random) -> Any:
    """The same, with most ids and codes replaced by ones that exist, so that more gets past 404."""
    if isinstance(value, dict):
        return {
            name: aim.choice(known[name])
            if name in known and aim.random() < 0.8
            else aimed(item, known, aim)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [aimed(item, known, aim) for item in value]
    return value


HOSTILE_BODIES = {
    "empty": b"",
    "null": b"null",
    "a list": b"[]",
    "a string": b'"x"',
    "cut off": b'{"id": "',
    "not a number": b'{"id": NaN, "amount_fen": Infinity}',
    "huge exponent": b'{"id": 1e999999, "amount_fen": 1e308}',
    "huge integer": b'{"amount_fen": ' + b"9" * 5000 + b"}",
    "beyond bigint": b'{"amount_fen": 9223372036854775808, "version": 18446744073709551616}',
    "keys twice": b'{"id": "a", "id": "b", "id": null}',
    "half a surrogate": b'{"memo": "\\ud800", "id": "\\udfff"}',
    "no UTF-8": b'{"memo": "\xff\xfe\xc3("}',
    "nul": b'{"memo": "\\u0000"}',
    "a raw nul": b"\x00",
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 50_000,
    "closed deep list": b'{"lines": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "many items": b'{"lines": [' + b"0," * 300_000 + b"0]}",
    "many fields": json.dumps({f"x{i}": i for i in range(50_000)}).encode(),
    "byte order mark": b"\xef\xbb\xbf{}",
    "utf-16": '{"id": 1}'.encode("utf-16"),
}
HOSTILE_TYPES = (
    "text/plain", "application/xml", "multipart/form-data", "multipart/form-data; boundary=",
    "multipart/form-data; boundary=" + "x" * 500, "application/x-www-form-urlencoded",
    "application/msgpack", "application/json; charset=utf-32", "application/json;;;=", "*/*", "",
)  # fmt: skip
HOSTILE_HEADERS: tuple[dict[str, bytes], ...] = (
    {"Authorization": b"Bearer"},
    {"Authorization": b"Bearer " + b"x" * 20_000},
    {"Authorization": "Bearer 令牌".encode()},
    {"Authorization": b"Basic dTpw"},
    {"Authorization": b"Bearer tp_key_\xff\xff"},
    {"Accept-Language": b"x" * 5_000},
    {"Accept-Language": b"en;q=nan, zh;q=inf, *;q=-1,,;q="},
    {"Idempotency-Key": b"x" * 256},
    {"Idempotency-Key": "钥匙".encode()},
    {"Idempotency-Key": b"\xff\xfe"},
    {"If-Match": b'"99999999999999999999"'},
    {"If-None-Match": b'"' + b"a" * 5_000},
    {"Range": b"bytes=0-18446744073709551616"},
    {"Content-Encoding": b"gzip"},
    {"Accept": b"application/xml"},
    {"X-Request-Id": b"\xff"},
    {"Forwarded": b"for=\xff"},
    {"Cookie": b"a=\xff; ;;="},
)
HOSTILE_PARTS = (
    "%00", "%2e%2e", "..%2f..%2fetc", "%ed%a0%80", "%ff", "%F0%9F%92%A9", "a" * 4_000, "'%20OR%201=1--",
    "0", "-1", "99999999999999999999999", "{}", "%25", "%0d%0aSet-Cookie:%20a=b", "null", "2025-13",
)  # fmt: skip
HOSTILE_POSITIONS: tuple[Any, ...] = (
    [], [None], [None] * 2, [None] * 3, [1], [1, 1], ["x"], ["x", "x"], ["x"] * 9, [{}], [[]], [{}, {}],
    [2**63, 2**63], [2**70], ["\x00"], ["\x00", "\x00"], [True, False], [-1, "x"], ["9999-12-31", "x"],
    ["x", str(2**80)], [1.5, 1.5], "x", {}, None, 7,
)  # fmt: skip


def check_documented(name: str, answer: httpx.Response) -> None:
    documented = OPERATIONS[name].definition.raw["responses"]
    allowed = {*documented, "405"}
    assert str(answer.status_code) in allowed, (name, answer.status_code, answer.text[:500])
    if not answer.is_success:
        assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert "{" not in problem["detail"]


def place_of(name: str, known: dict[str, list[Any]], changes: dict[str, str] | None = None) -> str:
    path = OPERATIONS[name].path
    for parameter in re.findall(r"\{(\w+)\}", path):
        value = (changes or {}).get(parameter) or known.get(parameter, [new_id()])[0]
        path = path.replace(f"{{{parameter}}}", str(value))
    return path


def takes_json(name: str) -> bool:
    content = OPERATIONS[name].definition.raw.get("requestBody", {}).get("content", {})
    return "application/json" in content


WITH_JSON = sorted(name for name in OPERATIONS if takes_json(name))
WITH_PARTS = sorted(name for name in OPERATIONS if "{" in OPERATIONS[name].path)


@pytest.fixture(scope="module")
def wire(stage: Stage) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {stage.bookkeeper.token}", "Accept-Language": "zh-CN"}
    with httpx.Client(base_url=stage.base_url, timeout=30, headers=headers) as opened:
        yield opened


@pytest.mark.parametrize("name", WITH_JSON)
def test_hostile_json_is_refused_in_words(
    name: str, wire: httpx.Client, known: dict[str, list[Any]]
) -> None:
    method = OPERATIONS[name].method
    for body in HOSTILE_BODIES.values():
        headers = {
            "Idempotency-Key": new_id(),
            "Content-Type": "application/json",
            "If-Match": '"1"',
        }
        answer = wire.request(method, place_of(name, known), content=body, headers=headers)
        assert not answer.is_success
        check_documented(name, answer)


@pytest.mark.parametrize("name", WITH_JSON)
def test_a_body_of_another_type_is_refused_in_words(
    name: str, wire: httpx.Client, known: dict[str, list[Any]]
) -> None:
    for kind in HOSTILE_TYPES:
        headers = {"Idempotency-Key": new_id(), "Content-Type": kind, "If-Match": '"1"'}
        answer = wire.request(
            OPERATIONS[name].method, place_of(name, known), content=b'{"id": 1}', headers=headers
        )
        assert not answer.is_success
        check_documented(name, answer)


@pytest.mark.parametrize("name", WITH_PARTS)
def test_hostile_parts_of_an_address_are_refused_in_words(
    name: str, wire: httpx.Client, known: dict[str, list[Any]]
) -> None:
    for parameter in re.findall(r"\{(\w+)\}", OPERATIONS[name].path):
        for part in HOSTILE_PARTS:
            headers = {"Idempotency-Key": new_id()}
            path = place_of(name, known, {parameter: part})
            answer = wire.request(OPERATIONS[name].method, path, headers=headers)
            check_documented(name, answer)


@pytest.mark.parametrize("header", HOSTILE_HEADERS, ids=lambda header: f"{next(iter(header))}")
def test_hostile_headers_are_refused_or_passed_over(
    header: dict[str, bytes], wire: httpx.Client, known: dict[str, list[Any]]
) -> None:
    for name in (
        "sessions_current",
        "homes_list",
        "vouchers_create",
        "budgets_revise",
        "files_create",
    ):
        headers = {"Idempotency-Key": new_id().encode()} | header
        content = b"" if OPERATIONS[name].method == "get" else b"{}"
        answer = wire.request(
            OPERATIONS[name].method, place_of(name, known), content=content, headers=headers
        )
        check_documented(name, answer)


def test_a_cursor_with_another_position_is_refused(
    stage: Stage, wire: httpx.Client, known: dict[str, list[Any]]
) -> None:
    """The filters it is bound to are no secret, so a position may be anything at all."""
    turned = 0
    for name, operation in OPERATIONS.items():
        if operation.method != "get" or "cursor" not in str(
            operation.definition.raw.get("parameters")
        ):
            continue
        path = place_of(name, known)
        first = wire.get(
            path, params={"limit": 1, "account": "100201", "period": "2025-08", "year": 2025}
        )
        following = first.json().get("page", {}).get("next") if first.is_success else None
        if following is None:
            continue
        turned += 1
        bound = json.loads(base64.urlsafe_b64decode(following + "=="))[1]
        for position in HOSTILE_POSITIONS:
            forged = (
                base64.urlsafe_b64encode(json.dumps([position, bound]).encode())
                .decode()
                .rstrip("=")
            )
            asked = dict(first.request.url.params) | {"cursor": forged}
            check_documented(name, wire.get(path, params=asked))
    assert turned >= 8, turned
