"""What templates may contain: no words of their own, no inline scripts or styles; and every code has its sentence."""

import ast
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType
from django.template.loader import get_template

from tests.architecture.house import SOURCE, modules, name_of
from tests.architecture.test_messages import DOMAINS, texts

WEB = SOURCE / "server" / "web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
LOUD = ("title", "alt", "placeholder", "aria-label", "value")  # attributes that are read by people
CODE = re.compile(r"""["'](web(?:_[a-z]+)*\.[a-z0-9_]+)["']""")
LETTERS = re.compile(r"[A-Za-z]*[a-z][A-Za-z]+|[㐀-鿿]")  # PDF and JSON are the same in both languages


class Words(HTMLParser):
    """Collects what of a page is words, and what the policy would forbid."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.forbidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.forbidden += [f"{tag} {name}" for name in told if name == "style" or name.startswith("on")]
        data = (told.get("type") or "").endswith("json")  # no browser runs it
        if tag == "style" or (tag == "script" and "src" not in told and not data):
            self.forbidden.append(tag)
        if tag == "meta":
            return
        loud = [name for name in LOUD if name != "value" or (tag == "input" and told.get("type") == "submit")]
        self.words += [told[name] or "" for name in loud if name in told]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(text: str) -> Words:
    """A template with everything that Django puts in replaced by nothing."""
    plain = "".join(token.contents if token.token_type is TokenType.TEXT else "" for token in Lexer(text).tokenize())
    words = Words()
    words.feed(plain)
    return words


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_has_no_words_of_its_own(path: Path) -> None:
    found = read(path.read_text(encoding="utf-8"))
    assert [word for word in found.words if LETTERS.search(word)] == []
    assert found.forbidden == []


@pytest.mark.parametrize(
    "text",
    [
        "<p>登录</p>",
        "<b>Sign in</b>",
        '<a title="Home"></a>',
        '<p style="x"></p>',
        "<script>1</script>",
        '<p onclick=""></p>',
    ],
)
def test_a_word_or_an_inline_script_is_seen(text: str) -> None:
    found = read(text)
    assert found.forbidden or [word for word in found.words if LETTERS.search(word)]


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_can_be_read(path: Path) -> None:
    get_template(path.relative_to(WEB / "templates").as_posix())


def test_every_code_has_a_sentence_in_both_languages() -> None:
    missing = set()
    for path in TEMPLATES:
        for code in CODE.findall(path.read_text(encoding="utf-8")):
            domain = code.partition(".")[0]
            if domain not in DOMAINS:
                missing.add(f"{path.name} {code}")
                continue
            known = {language: texts(language, domain) for language in ("zh_Hans", "en")}
            whole = all(
                any(name == code or (code.endswith("_") and name.startswith(code)) for name in each)
                for each in known.values()
            )
            if not whole:
                missing.add(f"{path.name} {code}")
    assert missing == set()


def test_no_sentence_of_the_frame_is_left_over() -> None:
    """Heads of codes put together later (``web.role_``) count for all that begin with them."""
    used = {code for path in TEMPLATES for code in CODE.findall(path.read_text(encoding="utf-8"))}
    for path in modules("src/suyuan/server/web", "src/suyuan/server/urls.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("web."):
                used.add(node.value)
    later = ("verify_", "password_too_", "status_", "level_", "member_")
    heads = (*(code for code in used if code.endswith("_")), *(f"web.{head}" for head in later))
    assert {code for code in texts("en", "web") if code not in used and not code.startswith(heads)} == set()
