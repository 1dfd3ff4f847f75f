"""The OpenAPI document says everything, is frozen in the repository, and breaks no client."""

import json
import re
from pathlib import Path

import httpx
import pytest

from tests.attacks.routes import TEXTS, example
from tests.house.openapi_changes import breaking
from trustprop import documents
from trustprop.plumbing.problems import refusals, status_of

FROZEN = Path(__file__).parents[2] / "docs" / "openapi.json"
REFRESH = "docs/openapi.json is not what the code says: run scripts/docs and look at the difference"
OPEN = {"healthz", "readyz"}
"""They answer before anybody is known and take nothing that could be wrong."""


FOR_ANYBODY = OPEN | {"people_register", "sessions_open", "payment_notices_list"}
NOBODY = "019a3f5e-7c00-7000-8000-000000000001"


@pytest.fixture(scope="module")
def document():
    return json.loads(documents.openapi_json())


@pytest.fixture(scope="module")
def operations(document):
    return [
        operation for operations in document["paths"].values() for operation in operations.values()
    ]


def test_the_frozen_document_is_what_the_code_says(document) -> None:
    assert json.loads(FROZEN.read_text(encoding="utf-8")) == document, REFRESH


def test_no_change_breaks_a_client(document) -> None:
    broken = breaking(json.loads(FROZEN.read_text(encoding="utf-8")), document)
    assert broken == [], "what is shipped stays; add beside it, or keep the old one working"


async def test_the_service_serves_the_frozen_document(client: httpx.AsyncClient, document) -> None:
    answer = await client.get("/schema/openapi.json")
    assert answer.status_code == 200
    served = answer.json()
    rehearsed = {"/v1/rehearsal/clock"}
    assert served["paths"].keys() - rehearsed == document["paths"].keys()
    assert served["components"]["examples"] == document["components"]["examples"]


def test_every_operation_says_what_it_is(operations) -> None:
    wrong = [
        f"{operation['operationId']}: {word}"
        for operation in operations
        for word in ("summary", "description", "tags")
        if not operation.get(word)
    ]
    assert wrong == []
    assert len(operations) > 150


def test_operation_ids_are_lower_case_and_unique(operations) -> None:
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*", name)] == []


def test_every_operation_documents_its_problems(operations) -> None:
    needed = {"400", "401", "403", "404", "409", "422", "429", "503"}
    wrong = [
        operation["operationId"]
        for operation in operations
        if operation["operationId"] not in OPEN and needed - operation["responses"].keys()
    ]
    assert wrong == []


def test_every_operation_that_is_done_once_asks_for_its_key(operations) -> None:
    asking = {
        operation["operationId"]
        for operation in operations
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "Idempotency-Key" and parameter["required"]
    }
    assert {"acts_sign", "payment_orders_create", "invoices_create", "receipts_create"} <= asking


def test_every_operation_says_which_credential_it_wants(document, operations) -> None:
    schemes = document["components"]["securitySchemes"]
    assert {scheme["scheme"] for scheme in schemes.values()} == {"bearer"}
    named = {name for operation in operations for one in operation["security"] for name in one}
    assert named == schemes.keys()
    assert {o["operationId"] for o in operations if not o["security"]} == FOR_ANYBODY


async def test_what_wants_a_credential_refuses_whoever_has_none(client: httpx.AsyncClient) -> None:
    """And what wants none does not ask who it is."""
    document = json.loads(documents.openapi_json())
    wrong = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json")
            answer = await client.request(
                method,
                re.sub(r"\{(\w+)\}", lambda name: TEXTS.get(name[1], NOBODY), path),
                json=example(schema["schema"], document) if schema else None,
                params={
                    one["name"]: TEXTS.get(one["name"]) or example(one["schema"], document)
                    for one in operation.get("parameters", ())
                    if one["in"] == "query" and one.get("required")
                },
                headers={"Idempotency-Key": NOBODY, "If-Match": '"1"'},
            )
            is_refused = "credential-refused" in answer.text
            if is_refused != bool(operation["security"]):
                wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)


def test_every_problem_has_an_example_under_its_status(document) -> None:
    shown = {
        (code, int(name.removeprefix("problem-")))
        for name, response in document["components"]["responses"].items()
        for code in response["content"]["application/problem+json"]["examples"]
    }
    documented = {status for _, status in shown}
    kinds = {(kind.code, status_of(kind)) for kind in refusals()}
    missing = {(code, status) for code, status in kinds if status in documented} - shown
    assert missing == set()
    examples = document["components"]["examples"]
    assert {f"problem-{code}" for code, _ in kinds} == examples.keys()


def test_examples_are_problems_whose_text_is_filled_in(document) -> None:
    fields = set(document["components"]["schemas"]["Problem"]["required"])
    for name, shown in document["components"]["examples"].items():
        assert fields <= shown["value"].keys(), name
        assert "{" not in shown["value"]["detail"], name


BEFORE = {
    "paths": {
        "/v1/things": {
            "post": {
                "operationId": "things_create",
                "parameters": [{"in": "query", "name": "limit", "schema": {"type": "integer"}}],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/c/s/CreateThing"}}}
                },
                "responses": {"201": {}, "404": {}},
            }
        }
    },
    "components": {
        "schemas": {
            "CreateThing": {
                "properties": {"id": {"type": "string"}, "inner": {"$ref": "#/c/s/Inner"}},
                "required": ["id"],
            },
            "Inner": {"properties": {"kind": {"type": "string"}}},
            "Thing": {"properties": {"state": {"type": "string"}}},
            "Kind": {"type": "string", "enum": ["one", "two"]},
        }
    },
}


def changed(path: str, value: object) -> dict:
    """The document with one place changed; a value of None removes it."""
    document = json.loads(json.dumps(BEFORE))
    *way, last = path.split(" ")
    part = document
    for step in way:
        part = part[int(step) if isinstance(part, list) else step]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return document


POST = "paths /v1/things post"


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (changed("paths /v1/things", None), "/v1/things is gone"),
        (changed(POST, None), "post /v1/things is gone"),
        (changed(f"{POST} operationId", "make"), "operationId things_create became make"),
        (changed(f"{POST} responses 201", None), "answer 201 is gone"),
        (changed(f"{POST} parameters", []), "parameter limit is gone"),
        (changed(f"{POST} parameters 0 required", True), "parameter limit became required"),
        (changed(f"{POST} parameters 0 schema type", "string"), "parameter limit: type integer"),
        (changed(f"{POST} requestBody required", True), "a body became required"),
        (changed("components schemas Thing", None), "schema Thing is gone"),
        (changed("components schemas Thing properties state", None), "Thing.state is gone"),
        (changed("components schemas Thing properties state type", "integer"), "Thing.state: type"),
        (changed("components schemas CreateThing required", ["id", "inner"]), "inner became req"),
        (changed("components schemas Inner required", ["kind"]), "Inner.kind became required"),
        (changed("components schemas Kind enum", ["one"]), "Kind: the value two is gone"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_breaking_change_is_found(after: dict, said: str) -> None:
    found = breaking(BEFORE, after)
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        changed("paths /v1/others", {"get": {"operationId": "others_list", "responses": {}}}),
        changed(f"{POST} summary", "Makes a thing"),
        changed(f"{POST} responses 409", {}),
        changed(f"{POST} responses 404", None),
        changed("components schemas Thing required", ["state"]),
        changed("components schemas Thing properties more", {"type": "string"}),
        changed("components schemas Kind enum", ["one", "two", "three"]),
    ],
)
def test_an_addition_breaks_nobody(after: dict) -> None:
    assert breaking(BEFORE, after) == []
