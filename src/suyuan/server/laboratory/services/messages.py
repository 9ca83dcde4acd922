"""Messages kept in both languages, and the one that a reader wants; no part of the server is needed for it."""

from collections.abc import Mapping
from typing import Any

from suyuan.kernel import Language, sentence


def worded(code: str, data: Mapping[str, Any]) -> Any:
    """A message in both languages, by language."""
    return {language.value: sentence(code, data, language) for language in Language}


def in_language(value: Any, language: Language) -> Any:
    """The same with every message in one language."""
    if isinstance(value, list):
        return [in_language(one, language) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: one[language.value] if key == "message" and isinstance(one, dict) else in_language(one, language)
        for key, one in value.items()
    }
