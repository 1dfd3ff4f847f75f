"""The documents that are written from the code: the OpenAPI document and the list of problems."""

import tempfile

import msgspec

from trustprop import backup, openapi
from trustprop.app import create_app
from trustprop.plumbing.settings import Settings
from trustprop.web.problems import Explanation, explanations

NOWHERE = "postgresql://nobody@/nowhere"
"""The application is only looked at: nothing connects."""


def openapi_json() -> str:
    """``docs/openapi.json``: what a service with real money serves."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=NOWHERE, serving_database_url=NOWHERE, var_dir=folder)
        document = openapi.document(create_app(settings))
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def problems_markdown() -> str:
    """``docs/problems.md``: every code with its status, its words and what to do next."""
    known = {one.code: one for one in explanations()}
    assert backup.NotEmpty.code in known, "the command line's own refusals are loaded too"
    lines = [_HEAD, *map(_row, known.values())]
    return "\n".join(lines) + "\n"


_HEAD = """\
# Problems · 问题说明

What the service says no with. Written by `scripts/docs` from the refusals in the code and
`trustprop/web/advice.toml`. Clients switch on the code, which keeps its meaning for ever; the same words stand at
`/problems/<code>` of every service, the address in a problem's `type`. Names in braces are facts that the problem
carries beside its text.

| code · 代码 | status | meaning · 含义 | what to do · 怎么办 |
|---|---|---|---|"""


def _row(one: Explanation) -> str:
    meaning = "<br>".join(f"{detail.zh}<br>{detail.en}" for detail in one.details)
    return f"| `{one.code}` | {one.status} | {meaning} | {one.advice.zh}<br>{one.advice.en} |"
