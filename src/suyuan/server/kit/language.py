"""The language of an answer, as the request asks for it."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from suyuan.kernel import Language

_LONGEST: Final = 500  # characters of a header that are looked at


def language_of(request: HttpRequest) -> Language:
    """Chinese or English, whichever ``Accept-Language`` prefers; that of the installation if it names neither."""
    header = request.META.get("HTTP_ACCEPT_LANGUAGE", "")
    for tag, _ in parse_accept_lang_header(f"{header[:_LONGEST]},"):
        if tag.startswith(("zh", "en")):
            return Language.from_tag(tag)
    return Language.from_tag(settings.LANGUAGE_CODE)


def tag_of(language: Language) -> str:
    """The language as a tag of HTTP."""
    return "zh-Hans" if language is Language.ZH else "en"
