"""The public page that verifies a receipt or a proof of a record: no login, no script, nothing kept."""

from functools import cache
from importlib.resources import files
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine, Template
from django.urls import reverse

from suyuan.kernel import Language, sentence
from suyuan.server.kit.language import language_of, tag_of
from suyuan.server.log.queries.place import here
from suyuan.server.log.queries.policies import policy_text
from suyuan.tlog.receipts import LARGEST_DOCUMENT_BYTES
from suyuan.tlog.verdicts import verdict_json, verify_document

POLICY: Final = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"  # fmt: skip  # noqa: E501
LARGEST_REQUEST_BYTES: Final = LARGEST_DOCUMENT_BYTES + 65_536
_WORDS: Final = (
    *("title", "about", "file", "text", "send", "other_language", "off_line", "too_large", "empty", "simulated"),
    *("submission", "kind", "records", "received_at", "regime", "received", "log", "cosigned"),
)
_TOLD: Final = ("submission", "kind", "records", "received_at", "regime", "received")


def verify_page(request: HttpRequest) -> HttpResponse:
    """The form; after it was sent, the verdict above it."""
    named = request.GET.get("lang")
    language = Language.from_tag(named) if named else language_of(request)
    verdict, trouble, status = None, "", 200
    if request.method == "POST":
        document = _document(request)
        if document is None:
            trouble, status = "too_large", 413
        elif not document.strip():
            trouble, status = "empty", 422
        else:
            trusted = policy_text(here())
            verdict = verdict_json(verify_document(document, trusted), language)
    page = _template().render(Context(_context(language, verdict, trouble)))
    headers = {
        "Content-Security-Policy": POLICY,
        "Content-Language": tag_of(language),
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }
    return HttpResponse(page, status=status, headers=headers)


def style_sheet(request: HttpRequest) -> HttpResponse:
    """How the page looks."""
    return HttpResponse(_packaged("page.css"), content_type="text/css; charset=utf-8")


def _document(request: HttpRequest) -> bytes | None:
    """What was sent, as a file or as text; None where it is too large to be looked at."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > LARGEST_REQUEST_BYTES:
        return None
    sent = request.FILES.get("file")
    if sent is not None:
        content: bytes = sent.read(LARGEST_DOCUMENT_BYTES + 1)
    else:
        content = request.POST.get("text", "").encode("utf-8", "replace")
    return content if len(content) <= LARGEST_DOCUMENT_BYTES else None


def _context(language: Language, verdict: dict[str, Any] | None, trouble: str) -> dict[str, Any]:
    words = {name: sentence(f"web.verify_{name}", language=language) for name in _WORDS}
    leaf = verdict["leaf"] if verdict else None
    facts = [(words[name], leaf[name]) for name in _TOLD] if leaf else []
    if verdict and verdict["origin"]:
        facts.append((words["log"], f"{verdict['origin']}  {verdict['index']} / {verdict['size']}"))
        facts.append((words["cosigned"], ", ".join(verdict["cosigned"]) or "–"))
    return {
        "language": tag_of(language),
        "other": tag_of(Language.EN if language is Language.ZH else Language.ZH),
        "words": words,
        "verdict": verdict,
        "facts": facts,
        "trouble": words[trouble] if trouble else "",
        "style": reverse("web-style"),
        "policy": reverse("api:get_policy"),
    }


@cache
def _packaged(name: str) -> str:
    return (files("suyuan.server.web") / name).read_text(encoding="utf-8")


@cache
def _template() -> Template:
    return Template(_packaged("verify.html"), engine=Engine(autoescape=True))
