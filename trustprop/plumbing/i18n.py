"""Chinese first, English second: what a message says in the reader's language.

Facts that are words of ours (offices, states, kinds) are translated too: ``words.po`` has them, each
with the name of the fact as its context.
"""

import string
from functools import cache, lru_cache
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
                if message.id and message.string and not message.context:
                    messages[str(message.id)] = str(message.string)
    return messages


@cache
def words(language: str) -> dict[tuple[str, str], str]:
    """What a word is called in a language, by the name of the fact that it is and itself."""
    if language == "en":
        return {key: key[1].replace("_", " ") for key in words(DEFAULT)}
    path = _LOCALE / language.replace("-", "_") / "words.po"
    with path.open("rb") as file:
        return {
            (str(message.context), str(message.id)): str(message.string)
            for message in read_po(file)
            if message.id and message.string
        }


def translate(message: str, language: str, facts: dict[str, Any] | None = None) -> str:
    """The message in this language with its facts filled in; fen are shown as yuan, areas as m²."""
    text = catalogue(language).get(message, message)
    shown = {name: _in_words(name, fact, language) for name, fact in (facts or {}).items()}
    return _FORMATTER.vformat(text, (), shown)


def _in_words(name: str, fact: Any, language: str) -> Any:
    """A fact that is a word of ours, or several after commas, in this language; others as they are."""
    if not isinstance(fact, str):
        return fact
    known = words(language)
    parts = [part.partition(":") for part in str(fact).split(", ")]
    if not any((name, part[0]) in known for part in parts):
        return fact
    comma = "、" if language == "zh-CN" else ", "
    return comma.join(known.get((name, word), word) + rest[0] + rest[1] for word, *rest in parts)


@lru_cache(maxsize=256)
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
