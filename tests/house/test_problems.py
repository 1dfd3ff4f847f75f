"""Every refusal is explained, in the repository and at the address that its problem names."""

from pathlib import Path

import httpx
import pytest

from trustprop import documents
from trustprop.plumbing.problems import refusals, status_of
from trustprop.web.problems import advice, explanations

WRITTEN = Path(__file__).parents[2] / "docs" / "problems.md"


def test_the_written_list_is_what_the_code_says() -> None:
    said = documents.problems_markdown()
    assert WRITTEN.read_text(encoding="utf-8") == said, "run scripts/docs"


def test_every_code_has_advice_and_no_advice_stands_alone() -> None:
    codes = {kind.code for kind in refusals()}
    assert codes - advice().keys() == set(), "say in trustprop/web/advice.toml what to do next"
    assert advice().keys() - codes == set()
    assert len(codes) > 200


def test_a_code_has_one_status() -> None:
    statuses: dict[str, set[int]] = {}
    for kind in refusals():
        statuses.setdefault(kind.code, set()).add(status_of(kind))
    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}


def test_everything_is_said_in_both_languages() -> None:
    untold = [
        one.code
        for one in explanations()
        for words in (one.title, one.advice, *one.details)
        if words.zh == words.en or not words.zh.strip() or not words.en.strip()
    ]
    assert untold == []


async def test_the_type_of_a_problem_is_an_address_that_explains_it(
    client: httpx.AsyncClient, settings
) -> None:
    problem = (await client.get("/v1/people/nobody")).json()
    assert problem["type"] == f"{settings.public_url}/problems/not-found"
    page = await client.get(problem["type"].removeprefix(settings.public_url))
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert advice()["not-found"][0] in page.text
    assert advice()["not-found"][1] in page.text


async def test_all_problems_stand_on_one_page(client: httpx.AsyncClient) -> None:
    page = await client.get("/problems")
    assert page.status_code == 200
    assert all(f'id="{one.code}"' in page.text for one in explanations())
    assert "script" not in page.text


async def test_an_unknown_problem_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.get("/problems/no-such-problem")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/nowhere", {}, 404, "not-found"),
        ("DELETE", "/healthz", {}, 405, "method-not-allowed"),
        ("POST", "/v1/people", {"Content-Length": str(10**9)}, 413, "request-entity-too-large"),
        ("POST", "/v1/people", {}, 400, "malformed"),
    ],
)
async def test_what_the_framework_refuses_is_a_problem_too(
    client: httpx.AsyncClient, method: str, path: str, headers: dict, status: int, code: str
) -> None:
    answer = await client.request(method, path, headers=headers, content=b"{")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["title"] != answer.json()["detail"]
