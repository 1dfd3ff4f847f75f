"""Chinese first, English second: what a message says in the reader's language."""

import string
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from trustprop.kernel.money import yuan

LANGUAGES = ("zh-CN", "en")
DEFAULT = "zh-CN"
_LOCALE = Path(__file__).parent.parent / "locale"


@cache
def catalogue(language: str) -> dict[str, str]:
    """Every translated message of a language; English is what the code itself says."""
    messages: dict[str, str] = {}
    if language == "en":
        return messages
    for path in sorted((_LOCALE / language.replace("-", "_")).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if message.id and message.string:
                    messages[str(message.id)] = str(message.string)
    return messages


def translate(message: str, language: str, facts: dict[str, Any] | None = None) -> str:
    """The message in this language with its facts filled in; fen are shown as yuan, areas as m²."""
    text = catalogue(language).get(message, message)
    return _FORMATTER.vformat(text, (), facts or {})


def choose(accept_language: str) -> str:
    """The first language of an Accept-Language header that we speak; Chinese when in doubt."""
    wishes = []
    for part in accept_language.split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            wishes.append((-float(quality or 1), tag.strip().lower()))
        except ValueError:
            continue
    for _, tag in sorted(wishes, key=lambda wish: wish[0]):
        if tag.startswith("zh"):
            return "zh-CN"
        if tag.startswith("en"):
            return "en"
    return DEFAULT


class _Facts(string.Formatter):
    def get_value(self, key: Any, _args: Any, kwargs: Any) -> Any:
        value = kwargs[key]
        if isinstance(value, int) and not isinstance(value, bool):
            if str(key).endswith("_fen"):
                return f"¥{yuan(value)}"
            if str(key).endswith("_dm2"):
                return f"{yuan(value)} m²"
        return value


_FORMATTER = _Facts()
