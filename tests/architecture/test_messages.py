"""Every code has its sentence in both languages, with the same data in it."""

import ast
import re
import string
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from scripts.compile_messages import compiled
from tests.architecture.house import SOURCE, modules, name_of

LOCALE = SOURCE / "locale"
LANGUAGES = ("zh_Hans", "en")
CATALOGUES = sorted(LOCALE.rglob("*.po"))
DOMAINS = sorted({path.stem for path in CATALOGUES})


def texts(language: str, domain: str) -> dict[str, str]:
    """Message ids and texts of one catalogue."""
    with (LOCALE / language / "LC_MESSAGES" / f"{domain}.po").open("rb") as stream:
        catalogue = read_po(stream, abort_invalid=True)
    assert not [message.id for message in catalogue if message.id and message.fuzzy]
    return {str(message.id): str(message.string) for message in catalogue if message.id}


def placeholders(text: str, language: str) -> set[str]:
    """The names in a `str.format` text; a label comes in both languages, each text takes its own."""
    own, names = f"_{language[:2]}", {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    return {name.removesuffix(own) for name in names}


@pytest.mark.parametrize("domain", DOMAINS)
def test_both_languages_say_the_same_things(domain: str) -> None:
    zh, en = (texts(language, domain) for language in LANGUAGES)
    assert set(zh) == set(en)
    assert {code for code in zh if not zh[code].strip() or not en[code].strip()} == set()
    needed = {code: (placeholders(zh[code], "zh_Hans"), placeholders(en[code], "en")) for code in zh}
    assert {code: names for code, names in needed.items() if names[0] != names[1]} == {}


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_code_belongs_to_the_catalogue_it_stands_in(domain: str) -> None:
    own = re.compile(rf"{domain}(\.[a-z0-9_]+)+")
    strangers = [code for code in texts("en", domain) if not own.fullmatch(code)]
    assert strangers == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_the_chinese_text_is_chinese(domain: str) -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    assert [code for code, text in texts("zh_Hans", domain).items() if not han.search(text)] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=name_of)
def test_the_compiled_catalogue_is_up_to_date(path: Path) -> None:
    """`make messages` brings it up to date."""
    target = path.with_suffix(".mo")
    assert target.is_file()
    assert target.read_bytes() == compiled(path)
    with target.open("rb") as stream:
        assert isinstance(GNUTranslations(stream), GNUTranslations)


def test_every_code_in_the_source_has_a_sentence() -> None:
    assert DOMAINS, "no catalogue found"
    known = {code for domain in DOMAINS for code in texts("en", domain)}
    missing = {
        f"{name_of(path)}:{line} {code}"
        for path in modules("src")
        if "migrations" not in path.parts
        for line, code in codes_in(ast.parse(path.read_text(encoding="utf-8")))
        if code not in known and not (code.endswith("_") and any(name.startswith(code) for name in known))
    }
    assert not missing


def codes_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every text that reads like a code of ours; one that ends in "_" is the head of a code put together later."""
    code_like = re.compile(rf"({'|'.join(DOMAINS)})\.[a-z0-9_]+")
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and code_like.fullmatch(node.value):
            yield node.lineno, node.value
