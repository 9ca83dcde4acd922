"""What somebody typed, pasted or scanned into the search box, and where that leads.

A battery's code, a vehicle's number, a company's code, the number of a receipt, an address from a label, or a name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from django.http import Http404
from django.urls import resolve

from suyuan.codes.uscc import check_uscc
from suyuan.codes.vin import check_vin
from suyuan.kernel import Finding
from suyuan.server.registry.queries.names import Named, companies_named
from suyuan.server.web.actor import Actor

_CODE: Final = re.compile(r"[0-9A-Z]{24}")
_SHORT_CODE: Final = re.compile(r"[0-9A-Z]{19}|[0-9A-Z]{26}")
_NUMBER: Final = re.compile(r"[0-9]{1,16}")
_FULL_WIDTH: Final = {ord("！") + step: ord("!") + step for step in range(94)} | {0x3000: 0x20}


@dataclass(frozen=True, slots=True)
class Found:
    """What was understood: `kind` names it; `address` leads there if there is exactly one place to go."""

    text: str
    kind: str
    address: str = ""
    companies: Sequence[Named] = ()
    findings: Sequence[Finding] = field(default=())


def decide(text: str, actor: Actor) -> Found:
    """Where `text` leads somebody."""
    typed = text.translate(_FULL_WIDTH).strip()[:500]
    if not typed:
        return Found("", "empty")
    if "://" in typed:
        return _scanned(typed, actor)
    code = re.sub(r"[\s-]", "", typed).upper()
    if _CODE.fullmatch(code) or _SHORT_CODE.fullmatch(code):
        return _battery(typed, code, actor)
    if _NUMBER.fullmatch(code):
        return Found(typed, "receipt", _first(actor, f"/w/submissions/{code}"))
    return _number(typed, code, actor) or Found(
        typed, "name", "", companies_named(actor.scope, typed) if actor.membership else ()
    )


def _number(typed: str, code: str, actor: Actor) -> Found | None:
    """What a vehicle's or a company's number leads to."""
    if not (code.isascii() and code.isalnum()):
        return None
    if len(code) == 17:
        findings = check_vin(code)
        return Found(typed, "vin", _first(actor, f"/w/batteries?f.vin={code}") if not findings else "", (), findings)
    if len(code) == 18:
        findings = check_uscc(code)
        return Found(typed, "uscc", _first(actor, f"/g/enterprises/{code}") if not findings else "", (), findings)
    return None


def _battery(typed: str, code: str, actor: Actor) -> Found:
    return Found(typed, "battery", _first(actor, f"/w/b/{code}", public=f"/b/{code}"))


def _scanned(typed: str, actor: Actor) -> Found:
    """An address from a label or a receipt: what stands in its path, whoever's server it names."""
    try:
        parts = [unquote(part) for part in urlsplit(typed).path.split("/") if part]
    except ValueError:  # brackets that hold no address of IPv6
        return Found(typed, "address_unknown")
    for before, part in zip(["", *parts], parts, strict=False):
        code = part.strip().upper()
        if before in {"b", "21", "250"} or _CODE.fullmatch(code):
            return _battery(typed, code, actor)
        if before in {"verify", "o"} and there(f"/{before}/{quote(part)}"):
            return Found(typed, "address", f"/{before}/{quote(part)}")
    return Found(typed, "address_unknown")


def _first(actor: Actor, inside: str, public: str = "") -> str:
    """The page for members if there is one and this is one; else the public page, if there is one."""
    if actor.membership is not None and there(inside):
        return inside
    return public if public and there(public) else ""


def there(address: str) -> bool:
    """Whether there is such a page."""
    try:
        resolve(urlsplit(address).path)
    except Http404:
        return False
    return True
