"""The language of this run of the program, and sentences in it."""

from contextvars import ContextVar

from suyuan.kernel import Language, sentence
from suyuan.kernel.findings import Value

_chosen: ContextVar[Language | None] = ContextVar("language", default=None)


def choose(language: Language | None) -> None:
    """Speak `language` from now on; None goes back to the language of the environment."""
    _chosen.set(language)


def language() -> Language:
    """The language chosen with ``--lang``, else that of the environment."""
    return _chosen.get() or Language.from_environment()


def say(code: str, /, **data: Value) -> str:
    """The sentence of `code` in the language of this run."""
    return sentence(code, data, language())


def count(number: float) -> str:
    """A whole number as people read it: 12,345."""
    return f"{number:,.0f}"


def comma() -> str:
    """What stands between the items of a list."""
    return "、" if language() is Language.ZH else ", "
